package dev.gleaner.protocol.result;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What an attempt submits: the numbers, the digest of its candidates, and the objects it uploaded.
 *
 * @param bundle id of the model bundle that scored the pairs
 * @param precision arithmetic of the encoders, e.g. {@code fp32}
 * @param watBytes size of the whole WAT file
 * @param candidateDigest see {@link CandidateDigest}
 * @param counts what became of the links
 * @param objects the shards; none when no pair was kept
 * @param seconds wall time of the attempt
 */
public record Manifest(
        String bundle,
        String precision,
        long watBytes,
        String candidateDigest,
        Counts counts,
        List<ShardObject> objects,
        double seconds) {

    /** The most objects one attempt can hand in. */
    public static final int MAX_OBJECTS = 64;

    public Manifest {
        objects = List.copyOf(objects);
    }

    /** What contradicts itself in the manifest, or an empty text. Says nothing about the objects' contents. */
    public String fault() {
        String fault = counts.fault();
        if (!fault.isEmpty()) {
            return fault;
        }
        if (!CandidateDigest.isValid(candidateDigest)) {
            return "candidateDigest is not 32 hexadecimal digits";
        }
        if (objects.size() > MAX_OBJECTS) {
            return "more than " + MAX_OBJECTS + " objects";
        }
        Set<String> names = new HashSet<>();
        Set<String> digests = new HashSet<>();
        long rows = 0;
        for (ShardObject object : objects) {
            if (!names.add(object.name()) || !digests.add(object.sha256())) {
                return "object " + object.name() + " is named twice or equals another";
            }
            rows += object.rows();
        }
        if (rows != counts.kept()) {
            return "objects hold " + rows + " rows, counts say " + counts.kept() + " were kept";
        }
        return "";
    }
}
