package dev.gleaner.worker.url;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The basic URL parser of the WHATWG URL Standard, section 4.4, state by state and in the standard's words.
 *
 * <p>One use, one thread. Non-fatal validation errors are not reported, as in a browser.
 */
final class UrlParser {
    private static final int EOF = -1;

    private enum State {
        SCHEME_START,
        SCHEME,
        NO_SCHEME,
        SPECIAL_RELATIVE_OR_AUTHORITY,
        PATH_OR_AUTHORITY,
        RELATIVE,
        RELATIVE_SLASH,
        SPECIAL_AUTHORITY_IGNORE_SLASHES,
        AUTHORITY,
        HOST,
        PORT,
        FILE,
        FILE_SLASH,
        FILE_HOST,
        PATH_START,
        PATH,
        OPAQUE_PATH,
        QUERY,
        FRAGMENT
    }

    private final int[] input;
    private final @Nullable WebUrl base;
    private String scheme = "";
    private String username = "";
    private String password = "";
    private @Nullable String host;
    private @Nullable Integer port;
    private List<String> path = new ArrayList<>();
    private @Nullable StringBuilder opaquePath;
    private @Nullable StringBuilder query;
    private @Nullable StringBuilder fragment;

    UrlParser(String input, @Nullable WebUrl base) {
        this.input = clean(input);
        this.base = base;
    }

    /** Trims C0 controls and spaces, drops tabs and newlines, and turns lone surrogates into U+FFFD. */
    private static int[] clean(String text) {
        int start = 0;
        int end = text.length();
        while (start < end && text.charAt(start) <= ' ') {
            start++;
        }
        while (end > start && text.charAt(end - 1) <= ' ') {
            end--;
        }
        return text.substring(start, end)
                .codePoints()
                .filter(c -> c != '\t' && c != '\n' && c != '\r')
                .map(c -> c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c)
                .toArray();
    }

    @Nullable
    WebUrl parse() {
        return run() ? result() : null;
    }

    private WebUrl result() {
        String serialised;
        if (opaquePath != null) {
            serialised = opaquePath.toString();
        } else {
            StringBuilder joined = new StringBuilder();
            for (String segment : path) {
                joined.append('/').append(segment);
            }
            serialised = joined.toString();
        }
        return new WebUrl(
                scheme,
                username,
                password,
                host,
                port,
                serialised,
                opaquePath != null,
                query == null ? null : query.toString(),
                fragment == null ? null : fragment.toString());
    }

    private boolean run() {
        State state = State.SCHEME_START;
        StringBuilder buffer = new StringBuilder();
        boolean atSignSeen = false;
        boolean insideBrackets = false;
        boolean passwordTokenSeen = false;
        for (int p = 0; ; p++) {
            int c = at(p);
            switch (state) {
                case SCHEME_START -> {
                    if (isAlpha(c)) {
                        buffer.appendCodePoint(lower(c));
                        state = State.SCHEME;
                    } else {
                        state = State.NO_SCHEME;
                        p--;
                    }
                }
                case SCHEME -> {
                    if (isAlpha(c) || isDigit(c) || c == '+' || c == '-' || c == '.') {
                        buffer.appendCodePoint(lower(c));
                    } else if (c == ':') {
                        scheme = buffer.toString();
                        buffer.setLength(0);
                        if (scheme.equals("file")) {
                            state = State.FILE;
                        } else if (special() && base != null && base.scheme().equals(scheme)) {
                            state = State.SPECIAL_RELATIVE_OR_AUTHORITY;
                        } else if (special()) {
                            state = State.SPECIAL_AUTHORITY_IGNORE_SLASHES;
                        } else if (at(p + 1) == '/') {
                            state = State.PATH_OR_AUTHORITY;
                            p++;
                        } else {
                            opaquePath = new StringBuilder();
                            state = State.OPAQUE_PATH;
                        }
                    } else {
                        buffer.setLength(0);
                        state = State.NO_SCHEME;
                        p = -1;
                    }
                }
                case NO_SCHEME -> {
                    if (base == null || (base.opaque() && c != '#')) {
                        return false;
                    }
                    if (base.opaque()) {
                        copy(base);
                        opaquePath = new StringBuilder(base.path());
                        fragment = new StringBuilder();
                        state = State.FRAGMENT;
                    } else {
                        state = base.scheme().equals("file") ? State.FILE : State.RELATIVE;
                        if (state == State.FILE) {
                            scheme = "file";
                        }
                        p--;
                    }
                }
                case SPECIAL_RELATIVE_OR_AUTHORITY -> {
                    if (c == '/' && at(p + 1) == '/') {
                        state = State.SPECIAL_AUTHORITY_IGNORE_SLASHES;
                    } else {
                        state = State.RELATIVE;
                        p--;
                    }
                }
                case PATH_OR_AUTHORITY -> {
                    if (c == '/') {
                        state = State.AUTHORITY;
                    } else {
                        state = State.PATH;
                        p--;
                    }
                }
                case RELATIVE -> {
                    WebUrl from = requireBase();
                    scheme = from.scheme();
                    if (c == '/' || (special() && c == '\\')) {
                        state = State.RELATIVE_SLASH;
                    } else {
                        copy(from);
                        path = from.segments();
                        if (c == '?') {
                            query = new StringBuilder();
                            state = State.QUERY;
                        } else if (c == '#') {
                            fragment = new StringBuilder();
                            state = State.FRAGMENT;
                        } else if (c != EOF) {
                            query = null;
                            shorten();
                            state = State.PATH;
                            p--;
                        }
                    }
                }
                case RELATIVE_SLASH -> {
                    if (special() && (c == '/' || c == '\\')) {
                        state = State.SPECIAL_AUTHORITY_IGNORE_SLASHES;
                    } else if (c == '/') {
                        state = State.AUTHORITY;
                    } else {
                        WebUrl from = requireBase();
                        username = from.username();
                        password = from.password();
                        host = from.host();
                        port = from.port();
                        state = State.PATH;
                        p--;
                    }
                }
                case SPECIAL_AUTHORITY_IGNORE_SLASHES -> {
                    if (c != '/' && c != '\\') {
                        state = State.AUTHORITY;
                        p--;
                    }
                }
                case AUTHORITY -> {
                    if (c == '@') {
                        if (atSignSeen) {
                            buffer.insert(0, "%40");
                        }
                        atSignSeen = true;
                        StringBuilder name = new StringBuilder(username);
                        StringBuilder secret = new StringBuilder(password);
                        for (int i = 0; i < buffer.length(); i = buffer.offsetByCodePoints(i, 1)) {
                            int point = buffer.codePointAt(i);
                            if (point == ':' && !passwordTokenSeen) {
                                passwordTokenSeen = true;
                            } else {
                                encode(passwordTokenSeen ? secret : name, point, USERINFO);
                            }
                        }
                        username = name.toString();
                        password = secret.toString();
                        buffer.setLength(0);
                    } else if (endsAuthority(c)) {
                        if (atSignSeen && buffer.isEmpty()) {
                            return false;
                        }
                        p -= buffer.codePointCount(0, buffer.length()) + 1;
                        buffer.setLength(0);
                        state = State.HOST;
                    } else {
                        buffer.appendCodePoint(c);
                    }
                }
                case HOST -> {
                    if (c == ':' && !insideBrackets) {
                        if (buffer.isEmpty()) {
                            return false;
                        }
                        host = HostParser.parse(buffer.toString(), !special());
                        if (host == null) {
                            return false;
                        }
                        buffer.setLength(0);
                        state = State.PORT;
                    } else if (endsAuthority(c)) {
                        p--;
                        if (special() && buffer.isEmpty()) {
                            return false;
                        }
                        host = HostParser.parse(buffer.toString(), !special());
                        if (host == null) {
                            return false;
                        }
                        buffer.setLength(0);
                        state = State.PATH_START;
                    } else {
                        insideBrackets = c == '[' || (insideBrackets && c != ']');
                        buffer.appendCodePoint(c);
                    }
                }
                case PORT -> {
                    if (isDigit(c)) {
                        buffer.appendCodePoint(c);
                    } else if (endsAuthority(c)) {
                        if (!buffer.isEmpty()) {
                            int number = 0;
                            for (int i = 0; i < buffer.length(); i++) {
                                number = number * 10 + (buffer.charAt(i) - '0');
                                if (number > 65_535) {
                                    return false;
                                }
                            }
                            Integer own = WebUrl.SPECIAL.get(scheme);
                            port = own != null && own == number ? null : (Integer) number;
                            buffer.setLength(0);
                        }
                        state = State.PATH_START;
                        p--;
                    } else {
                        return false;
                    }
                }
                case FILE -> {
                    scheme = "file";
                    host = "";
                    if (c == '/' || c == '\\') {
                        state = State.FILE_SLASH;
                    } else if (base != null && base.scheme().equals("file")) {
                        host = base.host();
                        path = base.segments();
                        query = base.query() == null ? null : new StringBuilder(base.query());
                        if (c == '?') {
                            query = new StringBuilder();
                            state = State.QUERY;
                        } else if (c == '#') {
                            fragment = new StringBuilder();
                            state = State.FRAGMENT;
                        } else if (c != EOF) {
                            query = null;
                            if (!startsWithDriveLetter(p)) {
                                shorten();
                            } else {
                                path = new ArrayList<>();
                            }
                            state = State.PATH;
                            p--;
                        }
                    } else {
                        state = State.PATH;
                        p--;
                    }
                }
                case FILE_SLASH -> {
                    if (c == '/' || c == '\\') {
                        state = State.FILE_HOST;
                    } else {
                        if (base != null && base.scheme().equals("file")) {
                            host = base.host();
                            List<String> segments = base.segments();
                            if (!startsWithDriveLetter(p)
                                    && !segments.isEmpty()
                                    && isNormalDriveLetter(segments.get(0))) {
                                path.add(segments.get(0));
                            }
                        }
                        state = State.PATH;
                        p--;
                    }
                }
                case FILE_HOST -> {
                    if (c == EOF || c == '/' || c == '\\' || c == '?' || c == '#') {
                        p--;
                        if (isDriveLetter(buffer.toString())) {
                            state = State.PATH;
                        } else if (buffer.isEmpty()) {
                            host = "";
                            state = State.PATH_START;
                        } else {
                            String parsed = HostParser.parse(buffer.toString(), false);
                            if (parsed == null) {
                                return false;
                            }
                            host = parsed.equals("localhost") ? "" : parsed;
                            buffer.setLength(0);
                            state = State.PATH_START;
                        }
                    } else {
                        buffer.appendCodePoint(c);
                    }
                }
                case PATH_START -> {
                    if (special()) {
                        state = State.PATH;
                        if (c != '/' && c != '\\') {
                            p--;
                        }
                    } else if (c == '?') {
                        query = new StringBuilder();
                        state = State.QUERY;
                    } else if (c == '#') {
                        fragment = new StringBuilder();
                        state = State.FRAGMENT;
                    } else if (c != EOF) {
                        state = State.PATH;
                        if (c != '/') {
                            p--;
                        }
                    }
                }
                case PATH -> {
                    if (c == EOF || c == '/' || (special() && c == '\\') || c == '?' || c == '#') {
                        boolean slash = c == '/' || (special() && c == '\\');
                        endSegment(buffer, slash);
                        if (c == '?') {
                            query = new StringBuilder();
                            state = State.QUERY;
                        } else if (c == '#') {
                            fragment = new StringBuilder();
                            state = State.FRAGMENT;
                        }
                    } else {
                        encode(buffer, c, PATH_SET);
                    }
                }
                case OPAQUE_PATH -> {
                    StringBuilder opaque = java.util.Objects.requireNonNull(opaquePath);
                    if (c == '?') {
                        query = new StringBuilder();
                        state = State.QUERY;
                    } else if (c == '#') {
                        fragment = new StringBuilder();
                        state = State.FRAGMENT;
                    } else if (c == ' ') {
                        int next = at(p + 1);
                        opaque.append(next == '?' || next == '#' ? "%20" : " ");
                    } else if (c != EOF) {
                        encode(opaque, c, C0);
                    }
                }
                case QUERY -> {
                    StringBuilder open = java.util.Objects.requireNonNull(query);
                    if (c == '#') {
                        fragment = new StringBuilder();
                        state = State.FRAGMENT;
                    } else if (c != EOF) {
                        encode(open, c, special() ? SPECIAL_QUERY : QUERY_SET);
                    }
                }
                case FRAGMENT -> {
                    if (c != EOF) {
                        encode(java.util.Objects.requireNonNull(fragment), c, FRAGMENT_SET);
                    }
                }
            }
            if (c == EOF && p >= input.length) {
                return true;
            }
        }
    }

    private void endSegment(StringBuilder buffer, boolean slash) {
        String segment = buffer.toString();
        buffer.setLength(0);
        if (isDoubleDot(segment)) {
            shorten();
            if (!slash) {
                path.add("");
            }
        } else if (isSingleDot(segment)) {
            if (!slash) {
                path.add("");
            }
        } else {
            if (scheme.equals("file") && path.isEmpty() && isDriveLetter(segment)) {
                segment = segment.charAt(0) + ":";
            }
            path.add(segment);
        }
    }

    private int at(int p) {
        return p >= 0 && p < input.length ? input[p] : EOF;
    }

    private boolean special() {
        return WebUrl.SPECIAL.containsKey(scheme);
    }

    private WebUrl requireBase() {
        return java.util.Objects.requireNonNull(base, "a relative state is entered only with a base");
    }

    private void copy(WebUrl from) {
        scheme = from.scheme();
        username = from.username();
        password = from.password();
        host = from.host();
        port = from.port();
        query = from.query() == null ? null : new StringBuilder(from.query());
    }

    private boolean endsAuthority(int c) {
        return c == EOF || c == '/' || c == '?' || c == '#' || (special() && c == '\\');
    }

    private void shorten() {
        if (scheme.equals("file") && path.size() == 1 && isNormalDriveLetter(path.get(0))) {
            return;
        }
        if (!path.isEmpty()) {
            path.remove(path.size() - 1);
        }
    }

    private boolean startsWithDriveLetter(int p) {
        if (!isAlpha(at(p)) || (at(p + 1) != ':' && at(p + 1) != '|')) {
            return false;
        }
        int c = at(p + 2);
        return c == EOF || c == '/' || c == '\\' || c == '?' || c == '#';
    }

    private static boolean isDriveLetter(String s) {
        return s.length() == 2 && isAlpha(s.charAt(0)) && (s.charAt(1) == ':' || s.charAt(1) == '|');
    }

    private static boolean isNormalDriveLetter(String s) {
        return s.length() == 2 && isAlpha(s.charAt(0)) && s.charAt(1) == ':';
    }

    private static boolean isSingleDot(String s) {
        return s.equals(".") || s.equalsIgnoreCase("%2e");
    }

    private static boolean isDoubleDot(String s) {
        return s.equals("..")
                || s.equalsIgnoreCase(".%2e")
                || s.equalsIgnoreCase("%2e.")
                || s.equalsIgnoreCase("%2e%2e");
    }

    static boolean isAlpha(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    private static int lower(int c) {
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    }

    /** Lower-cases ASCII letters only, whatever the locale. */
    static String asciiLower(String s) {
        StringBuilder out = new StringBuilder(s.length());
        s.chars().forEach(c -> out.append((char) lower(c)));
        return out.toString();
    }

    // Percent-encode sets, section 1.3: which ASCII characters are encoded besides controls and everything above '~'.
    static final String C0 = "";
    private static final String FRAGMENT_SET = " \"<>`";
    private static final String QUERY_SET = " \"#<>";
    private static final String SPECIAL_QUERY = QUERY_SET + "'";
    private static final String PATH_SET = QUERY_SET + "?^`{}";
    private static final String USERINFO = PATH_SET + "/:;=@[\\]|";

    static void encode(StringBuilder out, int point, String set) {
        if (point > 0x1F && point < 0x7F && set.indexOf(point) < 0) {
            out.append((char) point);
            return;
        }
        for (byte b : Character.toString(point).getBytes(StandardCharsets.UTF_8)) {
            out.append('%').append(HEX.charAt((b >> 4) & 15)).append(HEX.charAt(b & 15));
        }
    }

    private static final String HEX = "0123456789ABCDEF";
}
