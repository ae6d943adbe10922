package dev.gleaner.worker.url;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An address as the WHATWG URL Standard parses and serialises it (section 4, "URLs", basic URL parser).
 *
 * @param scheme lower case, without the colon
 * @param username percent-encoded, may be empty
 * @param password percent-encoded, may be empty
 * @param host serialised, null when the address has none
 * @param port null when absent or the scheme's own
 * @param path serialised path
 * @param opaque whether the path is opaque, as in {@code mailto:a@b}
 * @param query without the question mark, or null
 * @param fragment without the hash, or null
 */
public record WebUrl(
        String scheme,
        String username,
        String password,
        @Nullable String host,
        @Nullable Integer port,
        String path,
        boolean opaque,
        @Nullable String query,
        @Nullable String fragment) {

    static final Map<String, Integer> SPECIAL =
            Map.of("http", 80, "https", 443, "ws", 80, "wss", 443, "ftp", 21, "file", -1);

    /**
     * Parses {@code input}, resolved against {@code base} if that is given.
     *
     * @return null when the standard says failure
     */
    public static @Nullable WebUrl parse(String input, @Nullable WebUrl base) {
        WebUrl plain = PlainUrl.parse(input, base);
        return plain != null ? plain : new UrlParser(input, base).parse();
    }

    /** Whether the scheme is http or https. */
    public boolean isHttp() {
        return scheme.equals("http") || scheme.equals("https");
    }

    /** The port to connect to, for http and https. */
    public int effectivePort() {
        if (port != null) {
            return port;
        }
        Integer own = SPECIAL.get(scheme);
        return own == null ? -1 : own;
    }

    /** The address without its fragment. */
    public WebUrl withoutFragment() {
        return fragment == null ? this : new WebUrl(scheme, username, password, host, port, path, opaque, query, null);
    }

    /** Path and query as they stand in an HTTP request line. */
    public String requestTarget() {
        return (path.isEmpty() ? "/" : path) + (query == null ? "" : "?" + query);
    }

    /** What follows the last dot of the path's last segment, in ASCII lower case; empty when there is none. */
    public String extension() {
        String segment = path.substring(path.lastIndexOf('/') + 1);
        int dot = segment.lastIndexOf('.');
        return dot < 0 ? "" : UrlParser.asciiLower(segment.substring(dot + 1));
    }

    /** The URL serializer of the standard. */
    @Override
    public String toString() {
        StringBuilder out = new StringBuilder(scheme).append(':');
        if (host != null) {
            out.append("//");
            if (!username.isEmpty() || !password.isEmpty()) {
                out.append(username);
                if (!password.isEmpty()) {
                    out.append(':').append(password);
                }
                out.append('@');
            }
            out.append(host);
            if (port != null) {
                out.append(':').append(port);
            }
        } else if (!opaque && path.startsWith("//")) {
            out.append("/.");
        }
        out.append(path);
        if (query != null) {
            out.append('?').append(query);
        }
        if (fragment != null) {
            out.append('#').append(fragment);
        }
        return out.toString();
    }

    /** The path's segments, for resolving another address against this one. */
    List<String> segments() {
        List<String> segments = new ArrayList<>();
        if (!opaque && !path.isEmpty()) {
            for (String segment : path.substring(1).split("/", -1)) {
                segments.add(segment);
            }
        }
        return segments;
    }
}
