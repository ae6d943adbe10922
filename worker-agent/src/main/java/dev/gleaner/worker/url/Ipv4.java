package dev.gleaner.worker.url;

import org.jspecify.annotations.Nullable;

/** IPv4 addresses as hosts are written on the web: decimal, octal, hexadecimal, one to four parts (section 3.5). */
final class Ipv4 {
    private Ipv4() {}

    /** The "ends in a number" checker: whether the host must be an IPv4 address or nothing. */
    static boolean endsInNumber(String host) {
        String[] parts = host.split("\\.", -1);
        int last = parts.length - 1;
        if (parts[last].isEmpty()) {
            if (parts.length == 1) {
                return false;
            }
            last--;
        }
        String text = parts[last];
        return (!text.isEmpty() && text.chars().allMatch(UrlParser::isDigit)) || number(text) >= 0;
    }

    /** The address in dotted decimal, or null on failure. */
    static @Nullable String parse(String host) {
        String[] parts = host.split("\\.", -1);
        int count = parts.length;
        if (parts[count - 1].isEmpty() && count > 1) {
            count--;
        }
        if (count > 4) {
            return null;
        }
        long[] numbers = new long[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = number(parts[i]);
            if (numbers[i] < 0 || (i < count - 1 && numbers[i] > 255)) {
                return null;
            }
        }
        if (numbers[count - 1] >= 1L << (8 * (5 - count))) {
            return null;
        }
        long address = numbers[count - 1];
        for (int i = 0; i < count - 1; i++) {
            address += numbers[i] << (8 * (3 - i));
        }
        return (address >> 24) + "." + (address >> 16 & 255) + "." + (address >> 8 & 255) + "." + (address & 255);
    }

    /** A part's value, -1 when it is not a number; anything above 2^32 stays above it. */
    private static long number(String text) {
        if (text.isEmpty()) {
            return -1;
        }
        int radix = 10;
        int from = 0;
        if (text.startsWith("0x") || text.startsWith("0X")) {
            radix = 16;
            from = 2;
        } else if (text.length() >= 2 && text.charAt(0) == '0') {
            radix = 8;
            from = 1;
        }
        long value = 0;
        for (int i = from; i < text.length(); i++) {
            int digit = text.charAt(i) < 0x80 ? Character.digit(text.charAt(i), radix) : -1;
            if (digit < 0) {
                return -1;
            }
            value = Math.min(value * radix + digit, 1L << 40);
        }
        return value;
    }
}
