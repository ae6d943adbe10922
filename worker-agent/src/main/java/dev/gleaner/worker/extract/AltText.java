package dev.gleaner.worker.extract;

import com.ibm.icu.text.Normalizer2;
import org.jsoup.parser.Parser;

/** Rule 5: an alt attribute made into a text. The Unicode tables are the pinned ICU's, never the machine's. */
final class AltText {
    private static final Normalizer2 NFC = Normalizer2.getNFCInstance();

    /** Below it every character is NFC and combines with nothing before it. */
    private static final int FIRST_COMBINING = 0x300;

    private AltText() {}

    /**
     * Entities unescaped twice, NFC, each run of white space and controls one space, trimmed, cut.
     *
     * @param limit most code points of the result
     */
    static String clean(String alt, int limit) {
        if (alt.length() <= limit && isClean(alt)) {
            return alt;
        }
        String text = alt;
        for (int i = 0; i < 2 && text.indexOf('&') >= 0; i++) {
            text = Parser.unescapeEntities(text, false);
        }
        return cut(squeeze(NFC.normalize(text)), limit);
    }

    /** Whether nothing would change it: no entity, no gap but single spaces within, and only characters that NFC leaves alone. */
    private static boolean isClean(String alt) {
        char before = ' ';
        for (int i = 0; i < alt.length(); i++) {
            char c = alt.charAt(i);
            if (c == '&' || c >= FIRST_COMBINING || (c == ' ' ? before == ' ' : isGap(c))) {
                return false;
            }
            before = c;
        }
        return before != ' ' || alt.isEmpty();
    }

    private static String squeeze(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean gap = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (isGap(c)) {
                gap = true;
            } else {
                if (gap && !out.isEmpty()) {
                    out.append(' ');
                }
                gap = false;
                out.append(c);
            }
        }
        return out.toString();
    }

    /** General category Cc and the property White_Space; neither set has changed since Unicode 6.3. */
    private static boolean isGap(char c) {
        return c <= 0x20
                || (c >= 0x7F && c <= 0xA0)
                || c == 0x1680
                || (c >= 0x2000 && c <= 0x200A)
                || c == 0x2028
                || c == 0x2029
                || c == 0x202F
                || c == 0x205F
                || c == 0x3000;
    }

    private static String cut(String text, int limit) {
        return text.length() <= limit || text.codePointCount(0, text.length()) <= limit
                ? text
                : text.substring(0, text.offsetByCodePoints(0, limit));
    }
}
