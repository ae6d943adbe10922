package dev.gleaner.worker.job;

import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.fetch.dns.NameStats;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What a job's drops say of this machine's network, in words for its owner, with what to do. A plain rule. */
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
    public static List<String> of(NameStats names, long tried, Map<String, Long> dropped) {
        List<String> found = new ArrayList<>();
        if (names.queries() >= ENOUGH && names.lost() >= LOSSY * names.queries()) {
            found.add("your resolver drops " + percent(names.lost(), names.queries())
                    + " of lookups; name others with --dns, or ask it less with --dns-rate");
        }
        if (tried < ENOUGH) {
            return found;
        }
        long refused = count(dropped, PairDrop.CONNECT) + count(dropped, PairDrop.TLS);
        if (refused >= MANY * tried) {
            found.add(percent(refused, tried)
                    + " of connections fail; a firewall or proxy may be in the way, or sites refuse your address");
        }
        long late = count(dropped, PairDrop.TIMEOUT);
        if (late >= MANY * tried) {
            found.add(
                    percent(late, tried)
                            + " of pictures do not come in time; your link may be saturated: use fewer --cpus, or other --hours");
        }
        return found;
    }

    private static long count(Map<String, Long> dropped, PairDrop reason) {
        return dropped.getOrDefault(reason.wire(), 0L);
    }

    private static String percent(long part, long whole) {
        return Math.round(100.0 * part / whole) + " %";
    }
}
