package dev.gleaner.tracker.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The protocol's OpenAPI file, as a judge of what goes over the wire. */
final class OpenApi {
    private final ObjectNode root;
    private final ObjectMapper json = new ObjectMapper();
    private final JsonSchemaFactory schemas = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
    private final Map<String, Pattern> paths = new TreeMap<>();
    private final Set<String> seen = new TreeSet<>();

    OpenApi(Path file) throws IOException {
        root = (ObjectNode) new YAMLMapper().readTree(file.toFile());
        for (Iterator<String> names = root.path("paths").fieldNames(); names.hasNext(); ) {
            String path = names.next();
            String regex =
                    path.replace("{key}", "#").replaceAll("\\{[a-z]+}", "[^/]+").replace("#", ".+");
            paths.put(path, Pattern.compile(regex));
        }
    }

    /** All operations of the file. */
    Set<String> operations() {
        Set<String> all = new TreeSet<>();
        paths.keySet()
                .forEach(path -> root.path("paths")
                        .path(path)
                        .fieldNames()
                        .forEachRemaining(method -> all.add(method + " " + path)));
        return all;
    }

    /** Operations that answered with success at least once. */
    Set<String> seen() {
        return seen;
    }

    /** What is wrong with one exchange, or an empty text. */
    String fault(String method, String path, byte[] request, int status, String contentType, byte[] response)
            throws IOException {
        String template = paths.entrySet().stream()
                .filter(e -> e.getValue().matcher(path).matches()
                        && root.path("paths").path(e.getKey()).has(method))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse("");
        if (template.isEmpty()) {
            return status == 404 || status == 405 ? "" : "the file knows no " + method + " " + path;
        }
        JsonNode operation = root.path("paths").path(template).path(method);
        JsonNode requestSchema = resolve(operation.path("requestBody"))
                .path("content")
                .path("application/json")
                .path("schema");
        if (status < 400 && !requestSchema.isMissingNode()) {
            String fault = check(requestSchema, request);
            if (!fault.isEmpty()) {
                return "request of " + template + ": " + fault;
            }
        }
        JsonNode answer = resolve(operation
                .path("responses")
                .path(operation.path("responses").has("" + status) ? "" + status : "default"));
        JsonNode content = answer.path("content").path(contentType.replaceAll(";.*", ""));
        if (content.isMissingNode()) {
            return template + " answers " + status + " with undocumented " + contentType;
        }
        if (status < 400) {
            seen.add(method + " " + template);
        }
        String fault = content.has("schema") ? check(content.path("schema"), response) : "";
        return fault.isEmpty() ? "" : "answer " + status + " of " + template + ": " + fault;
    }

    private String check(JsonNode schema, byte[] body) throws IOException {
        ObjectNode whole = json.createObjectNode();
        whole.set("components", root.path("components"));
        if (schema.has("$ref")) {
            whole.set("$ref", schema.path("$ref"));
        } else {
            whole.setAll((ObjectNode) schema);
        }
        var faults = schemas.getSchema(whole).validate(json.readTree(body));
        return faults.isEmpty() ? "" : faults.toString();
    }

    private JsonNode resolve(JsonNode node) {
        return node.has("$ref") ? root.at(node.path("$ref").textValue().substring(1)) : node;
    }
}
