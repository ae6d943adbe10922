package dev.gleaner.worker.extract;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Picks the page's address, base, language, licence and image links out of a WAT record's JSON, in one pass over its
 * tokens and whatever the order of its keys. Reads to the end, because a record whose JSON does not parse must not count.
 */
final class PageLinksParser {
    private static final String LICENSE_MARK = "creativecommons.org/licenses/";
    /** Stands for an address that is none of an image and none of a licence. */
    private static final String NO_LICENSE = "";

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(200)
                    .maxStringLength(8 << 20)
                    .maxNameLength(64 << 10)
                    .build())
            .build();

    private final Set<String> paths;
    private @Nullable String target;
    private @Nullable String base;
    private @Nullable String language;
    private @Nullable String license;
    private @Nullable List<PageLinks.ImageLink> images;

    private PageLinksParser(Set<String> paths) {
        this.paths = paths;
    }

    /**
     * Parses a record's block.
     *
     * @param paths link paths that count as images
     * @return the page's links, or null when the record has no {@code Links}
     * @throws IOException when the block is not JSON
     */
    static @Nullable PageLinks parse(byte[] bytes, int start, int length, Set<String> paths) throws IOException {
        PageLinksParser found = new PageLinksParser(paths);
        try (JsonParser json = FACTORY.createParser(bytes, start, length)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("a WAT record's JSON must be an object");
            }
            found.root(json);
            if (json.nextToken() != null) {
                throw new IOException("there is something after the record's JSON");
            }
        }
        return found.images == null
                ? null
                : new PageLinks(found.target, found.base, found.language, found.license, found.images);
    }

    /** What to do with the value of a key. */
    private interface Field {
        void read(String name, JsonParser json) throws IOException;
    }

    private void root(JsonParser json) throws IOException {
        each(json, (name, j) -> enter(name, "Envelope", j, this::envelope));
    }

    private void envelope(JsonParser json) throws IOException {
        each(json, (name, j) -> {
            if (name.equals("WARC-Header-Metadata")) {
                within(
                        j,
                        header -> each(header, (key, value) -> {
                            String text = text(value);
                            if (key.equals("WARC-Target-URI")) {
                                target = text;
                            }
                        }));
            } else {
                enter(name, "Payload-Metadata", j, this::payload);
            }
        });
    }

    private void payload(JsonParser json) throws IOException {
        each(json, (name, j) -> enter(name, "HTTP-Response-Metadata", j, this::response));
    }

    private void response(JsonParser json) throws IOException {
        each(json, (name, j) -> enter(name, "HTML-Metadata", j, this::html));
    }

    private void html(JsonParser json) throws IOException {
        each(json, (name, j) -> {
            if (name.equals("Links")) {
                links(j);
            } else {
                enter(name, "Head", j, this::head);
            }
        });
    }

    private void head(JsonParser json) throws IOException {
        each(json, (name, j) -> {
            if (name.equals("Base")) {
                base = text(j);
            } else if (name.equals("Metas") && j.currentToken() == JsonToken.START_ARRAY) {
                metas(j);
            } else {
                j.skipChildren();
            }
        });
    }

    private void metas(JsonParser json) throws IOException {
        while (json.nextToken() != JsonToken.END_ARRAY) {
            if (json.currentToken() == JsonToken.START_OBJECT) {
                String[] pair = new String[2];
                each(json, (key, value) -> {
                    String text = text(value);
                    if (key.equals("name")) {
                        pair[0] = text;
                    } else if (key.equals("content")) {
                        pair[1] = text;
                    }
                });
                if ("HTML@/lang".equals(pair[0]) && language == null) {
                    language = pair[1];
                }
            } else {
                json.skipChildren();
            }
        }
    }

    private void links(JsonParser json) throws IOException {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            json.skipChildren();
            return;
        }
        List<PageLinks.ImageLink> list = new ArrayList<>();
        images = list;
        while (json.nextToken() != JsonToken.END_ARRAY) {
            if (json.currentToken() == JsonToken.START_OBJECT) {
                link(json, list);
            } else {
                json.skipChildren();
            }
        }
    }

    /** Makes no string of what cannot matter: most of a WAT is links that are no images. */
    private void link(JsonParser json, List<PageLinks.ImageLink> list) throws IOException {
        String path = null;
        String url = null;
        String alt = null;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            JsonToken value = json.nextToken();
            if (value != JsonToken.VALUE_STRING) {
                json.skipChildren();
                continue;
            }
            boolean known = path != null;
            boolean image = !known || paths.contains(path);
            switch (name) {
                case "path" -> path = json.getText();
                case "alt" -> alt = image ? json.getText() : null;
                case "url" -> url = image || isLicense(json) ? json.getText() : NO_LICENSE;
                case "href" -> url = url == null ? image || isLicense(json) ? json.getText() : NO_LICENSE : url;
                default -> {}
            }
        }
        if (license == null && url != null && url.contains(LICENSE_MARK)) {
            license = url.strip();
        }
        if (path != null && paths.contains(path)) {
            list.add(new PageLinks.ImageLink(url, alt));
        }
    }

    /** Whether the address is a licence's and the first of the page. */
    private boolean isLicense(JsonParser json) throws IOException {
        if (license != null) {
            return false;
        }
        char[] text = json.getTextCharacters();
        int end = json.getTextOffset() + json.getTextLength() - LICENSE_MARK.length();
        for (int i = json.getTextOffset(); i <= end; i++) {
            if (text[i] == 'c') {
                int same = 1;
                while (same < LICENSE_MARK.length() && text[i + same] == LICENSE_MARK.charAt(same)) {
                    same++;
                }
                if (same == LICENSE_MARK.length()) {
                    return true;
                }
            }
        }
        return false;
    }

    private interface Body {
        void read(JsonParser json) throws IOException;
    }

    private static void enter(String name, String wanted, JsonParser json, Body body) throws IOException {
        if (name.equals(wanted)) {
            within(json, body);
        } else {
            json.skipChildren();
        }
    }

    private static void within(JsonParser json, Body body) throws IOException {
        if (json.currentToken() == JsonToken.START_OBJECT) {
            body.read(json);
        } else {
            json.skipChildren();
        }
    }

    private static void each(JsonParser json, Field field) throws IOException {
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            json.nextToken();
            field.read(name, json);
        }
    }

    private static @Nullable String text(JsonParser json) throws IOException {
        if (json.currentToken() == JsonToken.VALUE_STRING) {
            return json.getText();
        }
        json.skipChildren();
        return null;
    }
}
