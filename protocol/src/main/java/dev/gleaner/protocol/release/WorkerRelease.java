package dev.gleaner.protocol.release;

import java.util.Base64;
import java.util.regex.Pattern;

/**
 * {@code GET /v1/worker-release}: the release of the worker that a tracker offers. The tracker only passes it on: who built it is
 * said by the signature, and a worker looks at nothing else.
 *
 * @param version of the release; empty when none is offered
 * @param bundle id of the shelf's bundle that holds it, the SHA-256 of its manifest; empty when none is offered
 * @param signature Ed25519 (RFC 8032) over the manifest's bytes, in base64; empty when none is offered
 */
public record WorkerRelease(String version, String bundle, String signature) {
    /** What {@code kind} says in the manifest of such a bundle. */
    public static final String KIND = "worker-release";

    public static final WorkerRelease NONE = new WorkerRelease("", "", "");

    private static final Pattern ID = Pattern.compile("[0-9a-f]{64}");
    private static final int SIGNATURE_BYTES = 64;

    /** @throws IllegalArgumentException when it is neither a release nor none */
    public WorkerRelease {
        boolean none = version.isEmpty() && bundle.isEmpty() && signature.isEmpty();
        if (!none) {
            if (Version.parse(version).isEmpty()) {
                throw new IllegalArgumentException("version must be like 1.2.3 or 1.2.3-rc.1");
            }
            if (!ID.matcher(bundle).matches()) {
                throw new IllegalArgumentException("bundle must be 64 lower-case hexadecimal digits");
            }
            if (Base64.getDecoder().decode(signature).length != SIGNATURE_BYTES) {
                throw new IllegalArgumentException("signature must be the base64 of " + SIGNATURE_BYTES + " bytes");
            }
        }
    }

    /** Whether there is one. */
    public boolean offered() {
        return !version.isEmpty();
    }
}
