package dev.gleaner.worker.fetch;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Reads {@code X-Robots-Tag} headers: comma-separated directives, optionally behind the name of one robot and a colon. */
final class RobotsTag {
    /** The name by which a site can address this crawler. */
    static final String OUR_NAME = "gleaner";

    private RobotsTag() {}

    /** Whether any of the header's values forbids use by one of the directives, to all or to us. */
    static boolean forbids(List<String> values, Set<String> respected) {
        for (String value : values) {
            String text = value.toLowerCase(Locale.ROOT);
            int colon = text.indexOf(':');
            int comma = text.indexOf(',');
            if (colon >= 0
                    && (comma < 0 || colon < comma)
                    && !text.substring(0, colon).contains("unavailable_after")) {
                if (!text.substring(0, colon).trim().equals(OUR_NAME)) {
                    continue;
                }
                text = text.substring(colon + 1);
            }
            for (String directive : text.split(",", -1)) {
                if (respected.contains(directive.trim())) {
                    return true;
                }
            }
        }
        return false;
    }
}
