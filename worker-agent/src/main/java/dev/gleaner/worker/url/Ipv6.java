package dev.gleaner.worker.url;

import org.jspecify.annotations.Nullable;

/** IPv6 addresses: the parser of section 3.5 and the compressing serializer of section 3.6 (RFC 5952). */
final class Ipv6 {
    private Ipv6() {}

    /** The address in brackets, or null on failure. */
    static @Nullable String parse(String text) {
        int[] address = new int[8];
        int piece = 0;
        int compress = -1;
        int p = 0;
        int n = text.length();
        if (p < n && text.charAt(p) == ':') {
            if (n < 2 || text.charAt(1) != ':') {
                return null;
            }
            p = 2;
            piece++;
            compress = piece;
        }
        while (p < n) {
            if (piece == 8) {
                return null;
            }
            if (text.charAt(p) == ':') {
                if (compress >= 0) {
                    return null;
                }
                p++;
                piece++;
                compress = piece;
                continue;
            }
            int value = 0;
            int length = 0;
            while (length < 4 && p < n && hex(text.charAt(p)) >= 0) {
                value = value << 4 | hex(text.charAt(p));
                p++;
                length++;
            }
            if (p < n && text.charAt(p) == '.') {
                if (length == 0 || piece > 6) {
                    return null;
                }
                p -= length;
                int seen = 0;
                while (p < n) {
                    if (seen > 0) {
                        if (text.charAt(p) != '.' || seen >= 4) {
                            return null;
                        }
                        p++;
                    }
                    if (p >= n || !UrlParser.isDigit(text.charAt(p))) {
                        return null;
                    }
                    int octet = -1;
                    while (p < n && UrlParser.isDigit(text.charAt(p))) {
                        int digit = text.charAt(p) - '0';
                        if (octet == 0) {
                            return null;
                        }
                        octet = octet < 0 ? digit : octet * 10 + digit;
                        if (octet > 255) {
                            return null;
                        }
                        p++;
                    }
                    address[piece] = address[piece] << 8 | octet;
                    seen++;
                    if (seen == 2 || seen == 4) {
                        piece++;
                    }
                }
                if (seen != 4) {
                    return null;
                }
                break;
            } else if (p < n && text.charAt(p) == ':') {
                p++;
                if (p == n) {
                    return null;
                }
            } else if (p < n) {
                return null;
            }
            address[piece] = value;
            piece++;
        }
        if (compress >= 0) {
            int swaps = piece - compress;
            piece = 7;
            while (piece != 0 && swaps > 0) {
                int other = compress + swaps - 1;
                int held = address[other];
                address[other] = address[piece];
                address[piece] = held;
                piece--;
                swaps--;
            }
        } else if (piece != 8) {
            return null;
        }
        return "[" + serialise(address) + "]";
    }

    private static String serialise(int[] address) {
        int start = -1;
        int longest = 1;
        for (int i = 0; i < 8; i++) {
            int run = 0;
            while (i + run < 8 && address[i + run] == 0) {
                run++;
            }
            if (run > longest) {
                longest = run;
                start = i;
            }
            i += Math.max(0, run - 1);
        }
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            if (i == start) {
                out.append(i == 0 ? "::" : ":");
                i += longest - 1;
                continue;
            }
            out.append(Integer.toHexString(address[i]));
            if (i != 7) {
                out.append(':');
            }
        }
        return out.toString();
    }

    private static int hex(char c) {
        return c < 0x80 ? Character.digit(c, 16) : -1;
    }
}
