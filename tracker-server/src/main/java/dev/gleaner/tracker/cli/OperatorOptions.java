package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProtocolVersion;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of all operator commands, and the HTTP client behind them. */
final class OperatorOptions {
    static final ObjectMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    @Option(
            names = "--tracker",
            paramLabel = "URL",
            defaultValue = "${env:GLEANER_TRACKER:-http://127.0.0.1:8080}",
            description = "the tracker's address (default: $GLEANER_TRACKER, else http://127.0.0.1:8080)")
    String tracker = "";

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            defaultValue = "${env:GLEANER_OPERATOR_TOKEN_FILE:-gleaner-data/operator.token}",
            description =
                    "file with the operators' token (default: $GLEANER_OPERATOR_TOKEN_FILE, else gleaner-data/operator.token)")
    @Nullable
    Path tokenFile;

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build();

    JsonNode get(String path) throws IOException {
        return send(request(path).GET());
    }

    /** All versions of a campaign's policy, the latest first. */
    JsonNode policies(String campaign) throws IOException {
        return get("v1/campaigns/" + segment(campaign) + "/policies").path("policies");
    }

    /** What everybody may see: without a token. */
    JsonNode look(String path) throws IOException {
        return send(HttpRequest.newBuilder(address(path))
                .timeout(Duration.ofMinutes(1))
                .GET());
    }

    /** The bytes behind an address, wherever it leads. */
    InputStream open(String path) throws IOException {
        HttpClient following = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(10))
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build();
        try {
            // No token goes along: where it leads is signed, and may be somebody else's machine.
            HttpResponse<InputStream> response = following.send(
                    HttpRequest.newBuilder(address(path))
                            .timeout(Duration.ofMinutes(10))
                            .build(),
                    HttpResponse.BodyHandlers.ofInputStream());
            if (response.statusCode() != 200) {
                response.body().close();
                throw new Failure(Exit.UNAVAILABLE, path + " cannot be had: status " + response.statusCode());
            }
            return response.body();
        } catch (java.net.ConnectException e) {
            throw new Failure(Exit.UNAVAILABLE, "no tracker answers at " + tracker);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private URI address(String path) {
        try {
            return URI.create(tracker.endsWith("/") ? tracker : tracker + "/").resolve(path);
        } catch (IllegalArgumentException e) {
            throw new Failure(Exit.USAGE, "--tracker is not an address: " + e.getMessage());
        }
    }

    JsonNode post(String path, Object body) throws IOException {
        byte[] bytes = JSON.writeValueAsBytes(body);
        return send(request(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(bytes)));
    }

    JsonNode put(String path, Path file) throws IOException {
        return send(request(path).PUT(HttpRequest.BodyPublishers.ofFile(file)));
    }

    /** A part of a path, whatever somebody typed. */
    static String segment(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    static String pretty(JsonNode node) throws JsonProcessingException {
        return JSON.writeValueAsString(node);
    }

    private HttpRequest.Builder request(String path) throws IOException {
        Path file = java.util.Objects.requireNonNull(tokenFile);
        if (!Files.isReadable(file)) {
            throw new Failure(Exit.NO_INPUT, "there is no readable token file " + file + "; name it with --token-file");
        }
        return HttpRequest.newBuilder(address(path))
                .timeout(Duration.ofMinutes(10))
                .header(ProtocolVersion.HEADER, Integer.toString(ProtocolVersion.CURRENT))
                .header("Authorization", "Bearer " + Files.readString(file).trim());
    }

    private JsonNode send(HttpRequest.Builder request) throws IOException {
        HttpResponse<byte[]> response;
        try {
            response = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        } catch (java.net.ConnectException e) {
            throw new Failure(Exit.UNAVAILABLE, "no tracker answers at " + tracker);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        JsonNode answer;
        try {
            answer = JSON.readTree(response.body());
        } catch (JsonProcessingException e) {
            throw new Failure(
                    Exit.UNAVAILABLE, "what answers at " + tracker + " is no tracker: status " + response.statusCode());
        }
        if (response.statusCode() >= 400) {
            int code =
                    switch (response.statusCode()) {
                        case 401, 403 -> Exit.NO_PERMISSION;
                        case 400, 413, 422 -> Exit.DATA;
                        case 503, 429 -> Exit.TEMPORARY;
                        default -> Exit.UNAVAILABLE;
                    };
            throw new Failure(
                    code,
                    Printable.of(
                            answer.path("title").asText() + ": "
                                    + answer.path("detail").asText() + " ("
                                    + answer.path("code").asText() + ")",
                            1_000));
        }
        return answer;
    }
}
