package dev.gleaner.protocol;

/**
 * A problem document (RFC 9457), the body of every answer with status 400 or above; media type {@value #MEDIA_TYPE}.
 *
 * @param type a URI reference that names the kind of problem, {@code "urn:gleaner:problem:" + code}
 * @param title the kind in words
 * @param status the HTTP status, repeated
 * @param code the stable code, see {@link ProblemCode#wire()}
 * @param action what a worker must do: {@code retry}, {@code retry-with-new-ticket}, {@code drop-lease} or {@code stop}
 * @param detail what happened, to what, and what to do
 */
public record Problem(String type, String title, int status, String code, String action, String detail) {
    public static final String MEDIA_TYPE = "application/problem+json";

    public static Problem of(ProblemCode code, String detail) {
        return new Problem(
                "urn:gleaner:problem:" + code.wire(),
                code.title(),
                code.status(),
                code.wire(),
                code.action().name().toLowerCase(java.util.Locale.ROOT).replace('_', '-'),
                detail);
    }
}
