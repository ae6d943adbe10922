package dev.gleaner.tracker.storage;

import dev.gleaner.protocol.lease.FencingToken;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names of objects. They hold campaign, job, fencing token and digest, so that a stale attempt can never overwrite a live one
 * and a second PUT can only bring the same bytes.
 */
public final class ObjectKeys {
    /** Tickets reach only this prefix. */
    public static final String INCOMING = "incoming/";

    /** Accepted objects; no ticket reaches it. */
    public static final String ACCEPTED = "accepted/";

    /** What is published: dataset versions. */
    public static final String RELEASES = "releases/";

    /** Objects of results that were taken back; kept until they are collected. */
    public static final String RETRACTED = "retracted/";

    /** What attempts asked about addresses, and were told; the tracker's own. */
    public static final String SCREENED = "screened/";

    private static final Pattern VALID = Pattern.compile("[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)+");

    private static final Pattern SHARD = Pattern.compile(
            "(?:(?:incoming|accepted|retracted)(?=.*[.]parquet$)|screened(?=.*[.]marks$))/([^/]+)/([0-9a-f]{16})/([1-9][0-9]{0,18})/([1-9][0-9]{0,9})/([0-9a-f]{64})[.](?:parquet|marks)");

    private ObjectKeys() {}

    public static String incoming(String campaign, long job, FencingToken token, String sha256) {
        return INCOMING + place(campaign, job, token) + sha256 + ".parquet";
    }

    public static String accepted(String campaign, long job, FencingToken token, String sha256) {
        return ACCEPTED + place(campaign, job, token) + sha256 + ".parquet";
    }

    public static String retracted(String campaign, long job, FencingToken token, String sha256) {
        return RETRACTED + place(campaign, job, token) + sha256 + ".parquet";
    }

    public static String screened(String campaign, long job, FencingToken token, String sha256) {
        return SCREENED + place(campaign, job, token) + sha256 + ".marks";
    }

    /** What all keys of {@link #SCREENED} begin with that belong to a job's attempts of one epoch. */
    public static String screened(String campaign, String epoch, long job) {
        return SCREENED + campaign + "/" + epoch + "/" + job + "/";
    }

    private static String place(String campaign, long job, FencingToken token) {
        return campaign + "/" + token.epoch() + "/" + job + "/" + token.attempt() + "/";
    }

    /** What a key says of its object. */
    public record Place(String campaign, long job, FencingToken token, String sha256) {}

    /** Reads a key as the methods above write it; empty for any other. */
    public static Optional<Place> parse(String key) {
        Matcher m = SHARD.matcher(key);
        if (!m.matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Place(
                    m.group(1),
                    Long.parseLong(m.group(3)),
                    new FencingToken(m.group(2), Integer.parseInt(m.group(4))),
                    m.group(5)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Whether the key can be one of ours; anything else is refused before it touches a store. */
    public static boolean isValid(String key) {
        return key.length() <= 300 && VALID.matcher(key).matches() && !key.contains("..");
    }
}
