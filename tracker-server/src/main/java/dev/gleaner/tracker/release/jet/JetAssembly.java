package dev.gleaner.tracker.release.jet;

import com.hazelcast.config.Config;
import com.hazelcast.config.JavaSerializationFilterConfig;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.Job;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.config.ProcessingGuarantee;
import com.hazelcast.jet.core.metrics.Measurement;
import com.hazelcast.jet.pipeline.BatchSource;
import com.hazelcast.jet.pipeline.BatchStage;
import com.hazelcast.jet.pipeline.Pipeline;
import com.hazelcast.jet.pipeline.Sinks;
import com.hazelcast.jet.pipeline.SourceBuilder;
import dev.gleaner.tracker.release.Assembly;
import dev.gleaner.tracker.release.Cut;
import dev.gleaner.tracker.release.NearDuplicates;
import dev.gleaner.tracker.release.Order;
import dev.gleaner.tracker.release.PartFile;
import dev.gleaner.tracker.release.Preset;
import dev.gleaner.tracker.release.Survey;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Two jobs: one counts, one brings pairs that belong into one file to one place, where they are spilled to disk, sorted and written.
 * One order at a time. Memory: one file's pairs for each thread that writes. A job that breaks leaves objects under the order's folder and nothing else.
 */
public final class JetAssembly implements Assembly {
    private static final long LOOK_MILLIS = 500;
    private static final String ROWS = "rows";

    private final Supplier<@Nullable HazelcastInstance> cluster;
    private final ObjectStore store;
    private final Path scratch;
    private @Nullable HazelcastInstance alone;

    /**
     * @param cluster whose members share the work, prepared by {@link #prepare}; null: a member of its own for each order
     * @param scratch folder for what is spilled
     */
    public JetAssembly(Supplier<@Nullable HazelcastInstance> cluster, ObjectStore store, Path scratch) {
        this.cluster = cluster;
        this.store = store;
        this.scratch = scratch;
    }

    /** Gives a member what its part of the work needs. */
    public static void prepare(HazelcastInstance member, ObjectStore store, Path scratch) {
        Place.of(store, scratch).put(member);
    }

    private interface Work<T> {
        T on(HazelcastInstance member);
    }

    private <T> T with(Work<T> work) {
        HazelcastInstance shared = cluster.get();
        if (shared != null) {
            return work.on(shared);
        }
        HazelcastInstance own = alone;
        if (own == null) {
            own = Hazelcast.newHazelcastInstance(alone());
            prepare(own, store, scratch);
            alone = own;
        }
        return work.on(own);
    }

    @Override
    public void rest() {
        HazelcastInstance own = alone;
        alone = null;
        if (own != null) {
            own.shutdown();
        }
    }

    /** A member that nobody joins. */
    private static Config alone() {
        Config config = new Config();
        config.setClusterName("gleaner-release-" + java.util.UUID.randomUUID());
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.shutdownhook.enabled", "false");
        config.setProperty("hazelcast.logging.type", "slf4j");
        config.setProperty("hazelcast.socket.bind.any", "false");
        config.setProperty("hazelcast.local.localAddress", "127.0.0.1");
        config.setProperty("hazelcast.partition.count", "71");
        config.getJetConfig().setEnabled(true).setCooperativeThreadCount(1);
        // A port of its own, and a cluster's name that nobody else knows: nobody joins.
        int port = freePort();
        JoinConfig join = config.getNetworkConfig()
                .setPort(port)
                .setPortAutoIncrement(false)
                .getJoin();
        join.getMulticastConfig().setEnabled(false);
        join.getAutoDetectionConfig().setEnabled(false);
        join.getTcpIpConfig().setEnabled(true).addMember("127.0.0.1:" + port);
        JavaSerializationFilterConfig filter = new JavaSerializationFilterConfig();
        filter.getWhitelist().addPrefixes("com.hazelcast.", "java.", "dev.gleaner.tracker.release.", "[");
        config.getSerializationConfig().setJavaSerializationFilterConfig(filter);
        return config;
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException("this machine has no free port", e);
        }
    }

    @Override
    public Survey survey(Order order, Consumer<Progress> progress) {
        return with(member -> {
            Pipeline pipeline = Pipeline.create();
            BatchSource<Survey> counted = SourceBuilder.batch(
                            "shards", context -> new Counting(order, Place.of(context.hazelcastInstance()), context))
                    .<Survey>fillBufferFn(Counting::fill)
                    // No method references: two to one inherited method become one when they are read back.
                    .destroyFn(reading -> reading.close())
                    .distributed(1)
                    .build();
            String list = "survey-" + order.id();
            pipeline.readFrom(counted).writeTo(Sinks.list(list));
            run(
                    member,
                    pipeline,
                    order.id() + "-survey",
                    metrics -> progress.accept(new Progress("survey", metrics, order.rows())));
            Survey sum = new Survey(Preset.parse(order.preset()).parts().size());
            for (Object part : member.getList(list)) {
                sum.plus((Survey) part);
            }
            member.getList(list).destroy();
            return sum;
        });
    }

    @Override
    public Assembled assemble(Order order, Cut cut, Consumer<Progress> progress) {
        return with(member -> {
            Pipeline pipeline = Pipeline.create();
            BatchSource<Packed> rows = SourceBuilder.batch(
                            "shards",
                            context -> new Packing(order, cut, Place.of(context.hazelcastInstance()), context))
                    .<Packed>fillBufferFn(Packing::fill)
                    .destroyFn(reading -> reading.close())
                    .distributed(1)
                    .build();
            String counts = "near-" + order.id();
            member.getList(counts).destroy();
            BatchStage<PartFile> files = thinned(pipeline.readFrom(rows), order, cut, counts)
                    .groupingKey(Packed::file)
                    .customTransform("files", () -> new Writing(order, cut));
            String list = "files-" + order.id();
            files.setLocalParallelism(1).writeTo(Sinks.list(list));
            long[] read = {0};
            run(member, pipeline, order.id() + "-assemble", metrics -> {
                read[0] = Math.max(read[0], metrics);
                progress.accept(new Progress("gather", read[0], order.rows()));
            });
            List<PartFile> all = new ArrayList<>();
            for (Object file : member.getList(list)) {
                all.add((PartFile) file);
            }
            member.getList(list).destroy();
            all.sort(Comparator.comparing(PartFile::name));
            long near = member.<Long>getList(counts).stream()
                    .mapToLong(Long::longValue)
                    .sum();
            member.getList(counts).destroy();
            return new Assembled(all, near);
        });
    }

    /** Without pairs whose pictures are like those of better ones, if the preset says so. */
    private static BatchStage<Packed> thinned(BatchStage<Packed> rows, Order order, Cut cut, String counts) {
        Integer distance = Preset.parse(order.preset()).nearDuplicates();
        if (distance == null) {
            return rows;
        }
        int bits = distance;
        int buckets =
                Math.max(1, cut.files().stream().mapToInt(Integer::intValue).sum());
        BatchStage<Packed> left = rows;
        for (int i = 0; i < NearDuplicates.bands(bits); i++) {
            int band = i;
            left = left.groupingKey(pair -> Thinning.bucket(pair, buckets, band, bits))
                    .customTransform("thin-" + band, () -> new Thinning(counts, buckets, band, bits));
        }
        return left;
    }

    private static void run(HazelcastInstance member, Pipeline pipeline, String name, Consumer<Long> rows) {
        JobConfig config = new JobConfig()
                .setName(name)
                .setProcessingGuarantee(ProcessingGuarantee.NONE)
                .setAutoScaling(false);
        Job job = member.getJet().newJob(pipeline, config);
        try {
            while (true) {
                try {
                    job.getFuture().get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                    return;
                } catch (TimeoutException e) {
                    rows.accept(job.getMetrics().get(ROWS).stream()
                            .mapToLong(Measurement::value)
                            .sum());
                }
            }
        } catch (InterruptedException e) {
            job.cancel();
            Thread.currentThread().interrupt();
            throw new CancellationException("the release was interrupted");
        } catch (ExecutionException e) {
            throw new CompletionException(e.getCause());
        }
    }

    static String rowsMetric() {
        return ROWS;
    }
}
