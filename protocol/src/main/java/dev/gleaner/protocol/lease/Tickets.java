package dev.gleaner.protocol.lease;

import dev.gleaner.protocol.result.ShardObject;
import java.util.List;
import java.util.Map;

/** {@code POST /v1/leases/{job}/{token}/tickets}: one upload link for each declared object. */
public final class Tickets {
    private Tickets() {}

    public record Request(List<ShardObject> objects) {}

    public record Response(List<Ticket> tickets) {}

    /**
     * The right to PUT exactly the declared bytes to one place, for minutes.
     *
     * @param name the declared object's name
     * @param url where to PUT; absolute, or a path on the tracker
     * @param headers to send with the PUT, as they are
     * @param expiresInSeconds after that, ask for a new one
     */
    public record Ticket(String name, String url, Map<String, String> headers, int expiresInSeconds) {}
}
