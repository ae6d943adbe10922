package dev.gleaner.worker.fetch.dns;

import java.net.InetAddress;
import java.util.List;

/** What became of a name. */
public sealed interface Resolved {
    /** @param addresses one or more, in the order of the answer */
    record Found(List<InetAddress> addresses) implements Resolved {}

    /** The name is not there, or has no address: asking again would not help. */
    record Missing(String why) implements Resolved {}

    /** Nobody answered, or not usefully. */
    record Failed(String why) implements Resolved {}
}
