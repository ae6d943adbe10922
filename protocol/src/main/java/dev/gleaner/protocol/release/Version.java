package dev.gleaner.protocol.release;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A version as Semantic Versioning 2.0.0 has it, ordered by its section 11: {@code 1.2.0-rc.2} comes before {@code 1.2.0}. Build
 * metadata is not taken.
 *
 * @param pre what follows the hyphen, or empty
 */
public record Version(int major, int minor, int patch, String pre) implements Comparable<Version> {
    private static final Pattern TEXT = Pattern.compile(
            "(\\d{1,6})[.](\\d{1,6})[.](\\d{1,6})(?:-([0-9A-Za-z-]{1,20}(?:[.][0-9A-Za-z-]{1,20}){0,4}))?");
    private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");

    /** Empty when the text is no version. */
    public static Optional<Version> parse(String text) {
        Matcher m = TEXT.matcher(text);
        if (!m.matches()) {
            return Optional.empty();
        }
        return Optional.of(new Version(
                Integer.parseInt(m.group(1)),
                Integer.parseInt(m.group(2)),
                Integer.parseInt(m.group(3)),
                m.group(4) == null ? "" : m.group(4)));
    }

    @Override
    public int compareTo(Version other) {
        int byNumber = Integer.compare(major, other.major);
        byNumber = byNumber == 0 ? Integer.compare(minor, other.minor) : byNumber;
        byNumber = byNumber == 0 ? Integer.compare(patch, other.patch) : byNumber;
        if (byNumber != 0 || pre.equals(other.pre)) {
            return byNumber;
        }
        if (pre.isEmpty() || other.pre.isEmpty()) {
            return pre.isEmpty() ? 1 : -1;
        }
        return comparePre(pre.split("[.]"), other.pre.split("[.]"));
    }

    private static int comparePre(String[] mine, String[] others) {
        for (int i = 0; i < Math.min(mine.length, others.length); i++) {
            boolean number = NUMBER.matcher(mine[i]).matches();
            boolean otherNumber = NUMBER.matcher(others[i]).matches();
            int order;
            if (number && otherNumber) {
                order = Integer.compare(Integer.parseInt(mine[i]), Integer.parseInt(others[i]));
            } else if (number != otherNumber) {
                order = number ? -1 : 1;
            } else {
                order = mine[i].compareTo(others[i]);
            }
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(mine.length, others.length);
    }

    @Override
    public String toString() {
        return major + "." + minor + "." + patch + (pre.isEmpty() ? "" : "-" + pre);
    }
}
