package dev.gleaner.worker.job;

import dev.gleaner.protocol.lease.Trouble;
import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.fetch.dns.NameStats;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What a job's drops say of this machine's network. Plain rules. */
public final class Diagnosis {
    private static final long ENOUGH = 200;
    private static final double LOSSY = 0.2;
    private static final double MANY = 0.35;

    private Diagnosis() {}

    /**
     * @param names how looking up names went
     * @param tried addresses fetched or not
     * @param dropped of these, by the reasons' wire names
     * @return nothing when all is well, or when there is too little to tell
     */
    public static List<Trouble> of(NameStats names, long tried, Map<String, Long> dropped) {
        List<Trouble> found = new ArrayList<>();
        if (names.queries() >= ENOUGH && names.lost() >= LOSSY * names.queries()) {
            found.add(new Trouble(Trouble.Kind.RESOLVER, percent(names.lost(), names.queries())));
        }
        if (tried < ENOUGH) {
            return found;
        }
        long refused = count(dropped, PairDrop.CONNECT) + count(dropped, PairDrop.TLS);
        if (refused >= MANY * tried) {
            found.add(new Trouble(Trouble.Kind.CONNECTIONS, percent(refused, tried)));
        }
        long late = count(dropped, PairDrop.TIMEOUT);
        if (late >= MANY * tried) {
            found.add(new Trouble(Trouble.Kind.LINK, percent(late, tried)));
        }
        return found;
    }

    /** The same in words for the machine's owner, with what to do. */
    public static String words(Trouble trouble) {
        String share = trouble.percent() + " %";
        return switch (trouble.kind()) {
            case RESOLVER ->
                "your resolver drops " + share + " of lookups; name others with --dns, or ask it less with --dns-rate";
            case CONNECTIONS ->
                share + " of connections fail; a firewall or proxy may be in the way, or sites refuse your address";
            case LINK ->
                share
                        + " of pictures do not come in time; your link may be saturated: use fewer --cpus, or other --hours";
        };
    }

    private static long count(Map<String, Long> dropped, PairDrop reason) {
        return dropped.getOrDefault(reason.wire(), 0L);
    }

    private static int percent(long part, long whole) {
        return (int) Math.min(100, Math.round(100.0 * part / whole));
    }
}
