package dev.gleaner.tracker.release;

import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.tracker.ledger.ReleaseBook;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What people asked to be left out. Immutable. */
public final class OptOuts implements Serializable {
    private static final long serialVersionUID = 1L;

    /** By which lists name addresses. */
    public static final List<String> ADDRESS_DIGESTS = List.of("MD5", "SHA-1", "SHA-256");

    private final EnumMap<Kind, HashSet<String>> values = new EnumMap<>(Kind.class);

    /** By what a pair is told. */
    public enum Kind {
        /** The picture's address, to the letter. */
        URL,
        /** The picture's host, or one below it. */
        DOMAIN,
        /** The page that it stood on, to the letter. */
        PAGE,
        /** MD5, SHA-1 or SHA-256 of the picture's bytes. */
        IMAGE,
        /** MD5, SHA-1 or SHA-256 of the picture's address: lists of what is known to be bad name nothing openly. */
        ADDRESS
    }

    /** One wish. */
    public record OptOut(Kind kind, String value) {
        /**
         * As it is kept: domains and digests in lower case.
         *
         * @throws IllegalArgumentException when it is none
         */
        public static OptOut of(Kind kind, String text) {
            String value = text.strip();
            String lower = value.toLowerCase(Locale.ROOT);
            boolean good =
                    switch (kind) {
                        case URL, PAGE -> lower.matches("https?://[^\\s]{1,2000}");
                        case DOMAIN -> lower.matches("[a-z0-9_.-]{1,253}") && lower.contains(".");
                        case IMAGE, ADDRESS -> lower.matches("[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}");
                    };
            if (!good) {
                throw new IllegalArgumentException(
                        switch (kind) {
                            case URL, PAGE -> "an address begins with http:// or https:// and has no spaces";
                            case DOMAIN -> "a domain is a name such as example.org";
                            case IMAGE ->
                                "a picture is told by the MD5, SHA-1 or SHA-256 of its bytes, in hexadecimal digits";
                            case ADDRESS ->
                                "an address is told by its MD5, SHA-1 or SHA-256, in hexadecimal digits; kind url takes it as it is";
                        });
            }
            return new OptOut(kind, kind == Kind.URL || kind == Kind.PAGE ? value : lower);
        }
    }

    public OptOuts(Collection<OptOut> wishes) {
        for (OptOut wish : wishes) {
            values.computeIfAbsent(wish.kind, kind -> new HashSet<>()).add(wish.value);
        }
    }

    /** All wishes that are honoured, and domains whose owners let nobody come. */
    public static OptOuts of(ReleaseBook book, Collection<String> stoppedSites) {
        return new OptOuts(wishes(book, stoppedSites));
    }

    /** As above, one by one. */
    public static List<OptOut> wishes(ReleaseBook book, Collection<String> stoppedSites) {
        List<OptOut> wishes = new ArrayList<>();
        for (ReleaseBook.Wish wish : book.optOuts(ReleaseBook.WishState.HONOURED)) {
            wishes.add(new OptOut(Kind.valueOf(wish.kind().toUpperCase(Locale.ROOT)), wish.value()));
        }
        stoppedSites.forEach(site -> wishes.add(new OptOut(Kind.DOMAIN, site)));
        return wishes;
    }

    /** Whether somebody asked to leave this pair out. */
    public boolean cover(PairRow row) {
        return cover(row.url(), row.pageUrl(), row.hashes());
    }

    /** As above. */
    public boolean cover(String url, String pageUrl, ImageHashes image) {
        return has(Kind.URL, url)
                || has(Kind.PAGE, pageUrl)
                || image.digests().stream().anyMatch(digest -> has(Kind.IMAGE, digest))
                || hasDomain(host(url))
                || hasAddress(url);
    }

    private boolean has(Kind kind, String value) {
        Set<String> known = values.get(kind);
        return known != null && known.contains(value);
    }

    private boolean hasAddress(String url) {
        return values.containsKey(Kind.ADDRESS)
                && ADDRESS_DIGESTS.stream().anyMatch(algorithm -> has(Kind.ADDRESS, hex(algorithm, url)));
    }

    private static String hex(String algorithm, String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance(algorithm).digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has " + algorithm, e);
        }
    }

    private boolean hasDomain(String host) {
        for (String name = host; !name.isEmpty(); ) {
            if (has(Kind.DOMAIN, name)) {
                return true;
            }
            int dot = name.indexOf('.');
            name = dot < 0 ? "" : name.substring(dot + 1);
        }
        return false;
    }

    /** The host of an address, lower case, whatever stands behind it: an address that no parser likes has an owner, too. */
    public static String host(String url) {
        int from = url.indexOf("://");
        if (from < 0) {
            return "";
        }
        int to = from + 3;
        while (to < url.length() && "/?#\\".indexOf(url.charAt(to)) < 0) {
            to++;
        }
        String authority = url.substring(from + 3, to);
        String host = authority.substring(authority.lastIndexOf('@') + 1);
        int port = host.lastIndexOf(':');
        String name = port > host.lastIndexOf(']') ? host.substring(0, port) : host;
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }

    /** How many wishes of each kind. */
    public Map<Kind, Integer> counts() {
        Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
        values.forEach((kind, set) -> counts.put(kind, set.size()));
        return counts;
    }
}
