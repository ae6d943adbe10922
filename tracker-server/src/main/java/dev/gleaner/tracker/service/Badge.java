package dev.gleaner.tracker.service;

import java.util.Locale;

/** A small picture in SVG with a label and a value, to be put on other pages. */
final class Badge {
    private static final int LETTER = 7;
    private static final int MARGIN = 12;
    private static final int LONGEST = 60;

    private Badge() {}

    static String svg(String label, String value) {
        String left = cut(label);
        String right = cut(value);
        int leftWidth = width(left);
        int rightWidth = width(right);
        return """
                <svg xmlns="http://www.w3.org/2000/svg" width="%1$d" height="20" role="img" aria-label="%5$s: %6$s">
                <title>%5$s: %6$s</title>
                <rect width="%1$d" height="20" rx="3" fill="#3b3a34"/>
                <path d="M%2$d 0h%3$da3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-%3$dz" fill="#2f7d4f"/>
                <g fill="#fff" font-family="system-ui,sans-serif" font-size="11">
                <text x="6" y="14" textLength="%7$d">%5$s</text>
                <text x="%4$d" y="14" textLength="%8$d">%6$s</text>
                </g>
                </svg>
                """.formatted(
                        leftWidth + rightWidth,
                        leftWidth,
                        rightWidth - 3,
                        leftWidth + 6,
                        escape(left),
                        escape(right),
                        leftWidth - MARGIN,
                        rightWidth - MARGIN);
    }

    private static int width(String text) {
        return LETTER * text.codePointCount(0, text.length()) + MARGIN;
    }

    private static String cut(String text) {
        return text.codePointCount(0, text.length()) <= LONGEST
                ? text
                : text.substring(0, text.offsetByCodePoints(0, LONGEST - 1)) + "…";
    }

    private static String escape(String text) {
        StringBuilder safe = new StringBuilder();
        text.codePoints()
                .filter(c -> c >= ' ' && (c < 0xD800 || c > 0xDFFF) && c != 0xFFFE && c != 0xFFFF)
                .forEach(c -> {
                    switch (c) {
                        case '&' -> safe.append("&amp;");
                        case '<' -> safe.append("&lt;");
                        case '>' -> safe.append("&gt;");
                        case '"' -> safe.append("&quot;");
                        default -> safe.appendCodePoint(c);
                    }
                });
        return safe.toString();
    }

    /** As people say it: 950, 12.3k, 4.1M. */
    static String count(long n) {
        String[] units = {"", "k", "M", "G"};
        double value = n;
        int unit = 0;
        while (value >= 1_000 && unit < units.length - 1) {
            value /= 1_000;
            unit++;
        }
        return unit == 0
                ? Long.toString(n)
                : String.format(Locale.ROOT, value < 100 ? "%.1f%s" : "%.0f%s", value, units[unit]);
    }
}
