package dev.gleaner.tracker.cluster;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a tracker finds the others.
 *
 * @param name trackers of other names are ignored
 * @param host address of this machine that the others reach; both ports are bound to it alone
 * @param port of Hazelcast
 * @param busPort of Vert.x's event bus
 * @param members {@code host:port} of trackers to ask; a name with several addresses stands for all of them
 * @param kubernetesService name of a headless service whose pods are the members, or null
 */
public record ClusterSettings(
        String name,
        String host,
        int port,
        int busPort,
        List<String> members,
        @Nullable String kubernetesService) {
    public ClusterSettings {
        members = List.copyOf(members);
        if (host.equals("0.0.0.0") || host.equals("::") || host.isBlank()) {
            throw new IllegalArgumentException(
                    "a cluster's address must be a private one of this machine: the members trust whoever reaches it");
        }
    }
}
