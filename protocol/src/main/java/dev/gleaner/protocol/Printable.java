package dev.gleaner.protocol;

/** Makes text from outside (addresses, alts, nicknames, error bodies) safe to show in a log or a terminal. */
public final class Printable {
    private Printable() {}

    /**
     * The text with control, format and line-separator characters escaped as {@code \}{@code uXXXX} and cut to at most
     * {@code limit} characters, with an ellipsis where something was cut. Null gives {@code "-"}.
     */
    public static String of(@org.jspecify.annotations.Nullable String text, int limit) {
        if (text == null) {
            return "-";
        }
        StringBuilder shown = new StringBuilder(Math.min(text.length(), limit) + 8);
        for (int i = 0; i < text.length(); i++) {
            if (i >= limit) {
                return shown.append('…').toString();
            }
            char c = text.charAt(i);
            switch (Character.getType(c)) {
                case Character.CONTROL,
                        Character.FORMAT,
                        Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR,
                        Character.SURROGATE -> {
                    if (Character.isHighSurrogate(c)
                            && i + 1 < text.length()
                            && Character.isLowSurrogate(text.charAt(i + 1))) {
                        shown.append(c).append(text.charAt(++i));
                    } else {
                        shown.append(String.format("\\u%04x", (int) c));
                    }
                }
                default -> shown.append(c);
            }
        }
        return shown.toString();
    }
}
