package dev.gleaner.worker.url;

import org.jspecify.annotations.Nullable;

/**
 * The short way for addresses that the parser of the standard would leave as they are: http or https, a host of lower-case
 * ASCII without port or login, a path without dot segments, and nothing that has to be encoded. Most addresses are of that
 * kind. Says nothing about any other.
 */
final class PlainUrl {
    private static final byte PATH = 1;
    private static final byte QUERY = 2;
    private static final byte HOST = 4;
    private static final byte[] KINDS = new byte[128];

    static {
        for (int c = 0x21; c < 0x7F; c++) {
            if ("\"#<>?`{}^\\".indexOf(c) < 0) {
                KINDS[c] |= PATH;
            }
            if ("\"#<>'".indexOf(c) < 0) {
                KINDS[c] |= QUERY;
            }
            if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_') {
                KINDS[c] |= HOST;
            }
        }
    }

    private PlainUrl() {}

    /** The address, or null when it takes the whole parser to tell. */
    static @Nullable WebUrl parse(String input, @Nullable WebUrl base) {
        if (input.startsWith("https://")) {
            return withHost("https", input, 8);
        } else if (input.startsWith("http://")) {
            return withHost("http", input, 7);
        }
        if (base == null || !base.isHttp() || base.host() == null || input.isEmpty()) {
            return null;
        }
        if (input.charAt(0) == '/') {
            return input.startsWith("//")
                    ? withHost(base.scheme(), input, 2)
                    : withPath(base.scheme(), base.host(), base, input, 0, "");
        }
        int slash = base.path().lastIndexOf('/');
        return isOrdinary(input) && slash >= 0
                ? withPath(
                        base.scheme(), base.host(), base, input, 0, base.path().substring(0, slash + 1))
                : null;
    }

    /** A relative address that is neither a scheme nor begins with something special. */
    private static boolean isOrdinary(String input) {
        char first = input.charAt(0);
        if (first == '.' || first == '?' || first == '#' || first == '%') {
            return false;
        }
        int colon = input.indexOf(':');
        return colon < 0 || (input.indexOf('/') >= 0 && input.indexOf('/') < colon);
    }

    private static @Nullable WebUrl withHost(String scheme, String input, int from) {
        int end = from;
        while (end < input.length() && is(input.charAt(end), HOST)) {
            end++;
        }
        if (end == from || (end < input.length() && input.charAt(end) != '/' && input.charAt(end) != '?')) {
            return null;
        }
        String host = input.substring(from, end);
        int label = host.lastIndexOf('.') + 1;
        boolean plain = label < host.length()
                && host.charAt(0) != '.'
                && host.charAt(label) >= 'a'
                && host.charAt(label) <= 'z'
                && !host.contains("..")
                && !host.contains("xn--");
        return plain ? withPath(scheme, host, null, input, end, "") : null;
    }

    private static @Nullable WebUrl withPath(
            String scheme, @Nullable String host, @Nullable WebUrl base, String input, int from, String folder) {
        int at = from;
        char before = '/';
        while (at < input.length()) {
            char c = input.charAt(at);
            if (!is(c, PATH)) {
                break;
            }
            if (before == '/' && (c == '.' || c == '%')) {
                return null;
            }
            before = c;
            at++;
        }
        String path = folder + input.substring(from, at);
        String query = null;
        if (at < input.length()) {
            if (input.charAt(at) != '?') {
                return null;
            }
            for (int i = at + 1; i < input.length(); i++) {
                if (!is(input.charAt(i), QUERY)) {
                    return null;
                }
            }
            query = input.substring(at + 1);
        }
        return base == null
                ? new WebUrl(scheme, "", "", host, null, path.isEmpty() ? "/" : path, false, query, null)
                : new WebUrl(scheme, base.username(), base.password(), host, base.port(), path, false, query, null);
    }

    private static boolean is(char c, byte kind) {
        return c < 128 && (KINDS[c] & kind) != 0;
    }
}
