package dev.gleaner.protocol.lease;

import dev.gleaner.protocol.result.ShardObject;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/leases/{job}/{token}/tickets}: what to upload each declared object by. */
public final class Tickets {
    private Tickets() {}

    /** @param parts whether this worker can upload in parts; null as false */
    public record Request(
            List<ShardObject> objects, @Nullable Boolean parts) {}

    public record Response(List<Ticket> tickets) {}

    /**
     * The right to PUT exactly the declared bytes to one place, for minutes: by one link, or part by part.
     *
     * @param name the declared object's name
     * @param url where to PUT; absolute, or a path on the tracker; empty when there are parts
     * @param headers to send with the PUT, as they are
     * @param expiresInSeconds after that, ask for a new one
     * @param parts for an object too large for one PUT; only for a worker that can
     */
    public record Ticket(
            String name,
            String url,
            Map<String, String> headers,
            int expiresInSeconds,
            @Nullable Parts parts) {
        public Ticket(String name, String url, Map<String, String> headers, int expiresInSeconds) {
            this(name, url, headers, expiresInSeconds, null);
        }
    }

    /**
     * Which bytes go where. In any order, and again if need be; a part that was taken needs no second PUT while the session is the same.
     *
     * @param session changes when all parts must be uploaded anew
     */
    public record Parts(String session, List<Part> parts) {}

    /**
     * @param url where to PUT, without headers of its own
     * @param offset of the part's first byte in the object
     * @param bytes the part's exact size
     */
    public record Part(String url, long offset, long bytes) {}
}
