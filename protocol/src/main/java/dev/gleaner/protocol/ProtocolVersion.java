package dev.gleaner.protocol;

/**
 * The protocol's version and how two sides agree on one.
 *
 * <p>A worker sends the version it speaks in the {@value #HEADER} header of every call. The tracker serves a closed range
 * of versions and answers anything else with {@link ProblemCode#UPDATE_REQUIRED}, so that an old worker gets a sentence
 * and not a stack trace.
 */
public final class ProtocolVersion {
    /** Request header that carries the caller's version, a decimal integer. */
    public static final String HEADER = "Gleaner-Protocol";

    /** The version described by these records. */
    public static final int CURRENT = 1;

    /** The oldest version a tracker of this release still serves. */
    public static final int OLDEST_SERVED = 1;

    private ProtocolVersion() {}

    /** Whether a tracker of this release serves a caller that speaks {@code version}. */
    public static boolean serves(int version) {
        return version >= OLDEST_SERVED && version <= CURRENT;
    }
}
