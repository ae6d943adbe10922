package dev.gleaner.worker.url;

import com.ibm.icu.text.IDNA;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The host parser of the WHATWG URL Standard, section 3.5: domains (UTS #46), IPv4 in all its spellings, IPv6. */
final class HostParser {
    private static final String FORBIDDEN_HOST = "\0\t\n\r #/:<>?@[\\]^|";
    private static final IDNA UTS46 =
            IDNA.getUTS46Instance(IDNA.CHECK_BIDI | IDNA.CHECK_CONTEXTJ | IDNA.NONTRANSITIONAL_TO_ASCII);

    /** The standard runs UTS #46 with CheckHyphens and VerifyDnsLength off. */
    private static final Set<IDNA.Error> TOLERATED = EnumSet.of(
            IDNA.Error.HYPHEN_3_4,
            IDNA.Error.LEADING_HYPHEN,
            IDNA.Error.TRAILING_HYPHEN,
            IDNA.Error.EMPTY_LABEL,
            IDNA.Error.LABEL_TOO_LONG,
            IDNA.Error.DOMAIN_NAME_TOO_LONG);

    private HostParser() {}

    /** The serialised host, or null on failure. */
    static @Nullable String parse(String input, boolean opaque) {
        if (input.startsWith("[")) {
            return input.endsWith("]") ? Ipv6.parse(input.substring(1, input.length() - 1)) : null;
        }
        if (opaque) {
            StringBuilder out = new StringBuilder();
            for (int i = 0; i < input.length(); i = input.offsetByCodePoints(i, 1)) {
                int c = input.codePointAt(i);
                if (FORBIDDEN_HOST.indexOf(c) >= 0) {
                    return null;
                }
                UrlParser.encode(out, c, UrlParser.C0);
            }
            return out.toString();
        }
        String ascii = domainToAscii(percentDecode(input));
        if (ascii == null || ascii.isEmpty()) {
            return null;
        }
        for (int i = 0; i < ascii.length(); i++) {
            char c = ascii.charAt(i);
            if (c <= 0x1F || c == 0x7F || c == '%' || FORBIDDEN_HOST.indexOf(c) >= 0) {
                return null;
            }
        }
        return Ipv4.endsInNumber(ascii) ? Ipv4.parse(ascii) : ascii;
    }

    private static @Nullable String domainToAscii(@Nullable String domain) {
        if (domain == null) {
            return null;
        }
        boolean plain = true;
        for (int i = 0; i < domain.length() && plain; i++) {
            plain = domain.charAt(i) < 0x80;
        }
        if (plain) {
            // Domains that are ASCII already are kept even where their Punycode is wrong, as browsers do.
            return UrlParser.asciiLower(domain);
        }
        IDNA.Info info = new IDNA.Info();
        StringBuilder out = new StringBuilder();
        UTS46.nameToASCII(domain, out, info);
        for (IDNA.Error error : info.getErrors()) {
            if (!TOLERATED.contains(error)) {
                return null;
            }
        }
        return out.toString();
    }

    /** Percent-decoded and read as UTF-8 without BOM; broken sequences become U+FFFD, which IDNA then refuses. */
    private static @Nullable String percentDecode(String input) {
        if (input.indexOf('%') < 0) {
            return input;
        }
        byte[] bytes = input.getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(bytes.length);
        for (int i = 0; i < bytes.length; i++) {
            int high = bytes[i] == '%' && i + 2 < bytes.length ? Character.digit(bytes[i + 1], 16) : -1;
            int low = high >= 0 ? Character.digit(bytes[i + 2], 16) : -1;
            if (low >= 0) {
                out.put((byte) (high << 4 | low));
                i += 2;
            } else {
                out.put(bytes[i]);
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(out.flip())
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
