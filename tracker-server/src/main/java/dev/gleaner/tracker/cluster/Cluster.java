package dev.gleaner.tracker.cluster;

import com.hazelcast.cluster.Member;
import com.hazelcast.config.Config;
import com.hazelcast.config.InMemoryFormat;
import com.hazelcast.config.JavaSerializationFilterConfig;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.MapConfig;
import com.hazelcast.config.MultiMapConfig;
import com.hazelcast.config.NetworkConfig;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.partition.Partition;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.screen.KnownFilter;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An embedded Hazelcast member. Its partition table says which tracker owns which jobs; two that both believe to own one are
 * harmless, for the ledger decides. Community Edition: no CP subsystem, no persistence, no TLS, and nothing here needs them
 * (docs/adr/0006). Safe for any thread.
 */
public final class Cluster implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Cluster.class);
    private static final String DEAD_AFTER_SECONDS = "12";

    private static final String MERGE_SECONDS = "20";

    private final HazelcastInstance hazelcast;
    private final ClusterSettings settings;

    private Cluster(HazelcastInstance hazelcast, ClusterSettings settings) {
        this.hazelcast = hazelcast;
        this.settings = settings;
    }

    /**
     * Joins the others, or starts a cluster that they will join.
     *
     * @throws IOException when the port is taken or a member's name cannot be resolved
     */
    public static Cluster join(ClusterSettings settings) throws IOException {
        Config config = new Config();
        // What Vert.x keeps in the cluster, as its own configuration has it.
        config.addMultiMapConfig(
                new MultiMapConfig("__vertx.subs").setValueCollectionType(MultiMapConfig.ValueCollectionType.SET));
        config.addMapConfig(new MapConfig("__vertx.haInfo"));
        config.addMapConfig(new MapConfig("__vertx.nodeInfo"));
        // What a member takes with it when it dies is made again from the store; a second copy would double the room.
        config.addMapConfig(
                new MapConfig(SharedFilter.PARTS_MAP).setBackupCount(0).setInMemoryFormat(InMemoryFormat.OBJECT));
        config.addMapConfig(new MapConfig(SharedFilter.STATE_MAP));
        config.setClusterName(settings.name());
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.shutdownhook.enabled", "false");
        config.setProperty("hazelcast.logging.type", "slf4j");
        config.setProperty("hazelcast.heartbeat.interval.seconds", "2");
        config.setProperty("hazelcast.max.no.heartbeat.seconds", DEAD_AFTER_SECONDS);
        // Two halves that see each other again should not wait five minutes to be one, as they would by default.
        config.setProperty("hazelcast.merge.first.run.delay.seconds", MERGE_SECONDS);
        config.setProperty("hazelcast.merge.next.run.delay.seconds", MERGE_SECONDS);
        config.setProperty("hazelcast.partition.count", Integer.toString(Share.PARTITIONS));
        config.setProperty("hazelcast.socket.bind.any", "false");
        config.setProperty("hazelcast.local.localAddress", settings.host());
        // And calls the others from there, so that a firewall can tell the trackers by it.
        config.setProperty("hazelcast.socket.client.bind.any", "false");
        config.getJetConfig().setEnabled(true);
        // Vert.x knows its nodes by this attribute and sets it only on members that it starts itself.
        config.getMemberAttributeConfig()
                .setAttribute("__vertx.nodeId", UUID.randomUUID().toString());
        // Without a filter a member would deserialise whatever a stranger sends.
        JavaSerializationFilterConfig filter = new JavaSerializationFilterConfig();
        filter.getWhitelist()
                .addPrefixes(
                        "com.hazelcast.",
                        "io.vertx.",
                        "java.lang.",
                        "java.util.",
                        "java.time.",
                        "dev.gleaner.tracker.release.",
                        "dev.gleaner.tracker.screen.",
                        "dev.gleaner.tracker.cluster.",
                        "com.google.common.hash.",
                        "[");
        config.getSerializationConfig().setJavaSerializationFilterConfig(filter);
        network(config.getNetworkConfig(), settings);
        HazelcastInstance hazelcast;
        try {
            hazelcast = Hazelcast.newHazelcastInstance(config);
        } catch (RuntimeException e) {
            throw new IOException(
                    "the cluster cannot be joined on " + settings.host() + ":" + settings.port() + ": "
                            + e.getMessage(),
                    e);
        }
        // The partition table is made with the first use.
        hazelcast.getPartitionService().getPartition("first use");
        return new Cluster(hazelcast, settings);
    }

    private static void network(NetworkConfig network, ClusterSettings settings) throws IOException {
        network.setPort(settings.port()).setPortAutoIncrement(false).setPublicAddress(settings.host());
        JoinConfig join = network.getJoin();
        join.getMulticastConfig().setEnabled(false);
        join.getAutoDetectionConfig().setEnabled(false);
        if (settings.kubernetesService() != null) {
            join.getKubernetesConfig().setEnabled(true).setProperty("service-dns", settings.kubernetesService());
            return;
        }
        join.getTcpIpConfig().setEnabled(true);
        for (String member : settings.members()) {
            addresses(member, settings.port()).forEach(join.getTcpIpConfig()::addMember);
        }
    }

    /** All addresses that a member's name stands for, as a headless service's name does. */
    private static List<String> addresses(String member, int port) throws IOException {
        int colon = member.lastIndexOf(':');
        String host = colon < 0 ? member : member.substring(0, colon);
        String at = colon < 0 ? Integer.toString(port) : member.substring(colon + 1);
        try {
            List<String> addresses = new ArrayList<>();
            for (InetAddress address : InetAddress.getAllByName(host)) {
                addresses.add(address.getHostAddress() + ":" + at);
            }
            return addresses;
        } catch (UnknownHostException e) {
            throw new IOException("the cluster member " + member + " has no address", e);
        }
    }

    /** This tracker's member, for work that all of them share. */
    public HazelcastInstance member() {
        return hazelcast;
    }

    /** Vert.x with its event bus over this cluster, bound to the cluster's address. */
    public Vertx vertx(VertxBuilder builder, VertxOptions options) {
        options.setEventBusOptions(new EventBusOptions()
                .setHost(settings.host())
                .setPort(settings.busPort())
                .setClusterPublicHost(settings.host()));
        return builder.with(options)
                .withClusterManager(new HazelcastClusterManager(hazelcast))
                .buildClustered()
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    /**
     * A filter that all trackers share.
     *
     * @param keys so many have room; the same for all of them
     */
    public KnownFilter filter(long keys) {
        return new SharedFilter(hazelcast, keys);
    }

    /** This tracker's name among the others. */
    public String self() {
        return hazelcast.getCluster().getLocalMember().getUuid().toString();
    }

    /** The other trackers' names. */
    public List<String> others() {
        String self = self();
        return hazelcast.getCluster().getMembers().stream()
                .map(member -> member.getUuid().toString())
                .filter(name -> !name.equals(self))
                .toList();
    }

    /** What this tracker owns now, as far as it knows. */
    public Share share() {
        Set<Integer> mine = new HashSet<>();
        for (Partition partition : hazelcast.getPartitionService().getPartitions()) {
            Member owner = partition.getOwner();
            if (owner != null && owner.localMember()) {
                mine.add(partition.getPartitionId());
            }
        }
        return new Share(mine);
    }

    /** Who owns which partition, as far as this tracker knows. */
    public Map<Integer, String> owners() {
        Map<Integer, String> owners = new HashMap<>();
        for (Partition partition : hazelcast.getPartitionService().getPartitions()) {
            Member owner = partition.getOwner();
            if (owner != null) {
                owners.put(partition.getPartitionId(), owner.getUuid().toString());
            }
        }
        return owners;
    }

    /** A map of which every tracker holds a copy; what is in it may be late or lost. */
    Map<String, String> replicated(String name) {
        return hazelcast.getReplicatedMap(name);
    }

    public int members() {
        return hazelcast.getCluster().getMembers().size();
    }

    /** Whether all partitions have owners and backups: another member may leave now. Asks all members and waits for them. */
    public boolean isSafe() {
        return hazelcast.getPartitionService().isClusterSafe();
    }

    /** Leaves in order: what this member owns goes to the others first. */
    @Override
    public void close() {
        try {
            boolean moved = hazelcast.getPartitionService().forceLocalMemberToBeSafe(5, TimeUnit.SECONDS);
            log.info("Leaving the cluster: partitions backed up={}", moved);
        } finally {
            hazelcast.shutdown();
        }
    }
}
