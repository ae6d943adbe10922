package dev.gleaner.tracker.http;

import dev.gleaner.tracker.sites.TxtRecords;
import io.vertx.core.Vertx;
import io.vertx.core.dns.DnsClient;
import io.vertx.core.dns.DnsClientOptions;
import io.vertx.core.dns.DnsException;
import io.vertx.core.dns.DnsResponseCode;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** TXT records by Vert.x' DNS client. */
public final class DnsTxt implements TxtRecords {
    private static final long MILLIS = 5_000;

    private final DnsClient client;

    /** @param server null for this machine's own */
    public DnsTxt(Vertx vertx, @Nullable InetSocketAddress server) {
        DnsClientOptions options = new DnsClientOptions().setQueryTimeout(MILLIS);
        if (server != null) {
            options.setHost(server.getHostString()).setPort(server.getPort());
        }
        this.client = vertx.createDnsClient(options);
    }

    @Override
    public CompletionStage<List<String>> of(String name) {
        return client.resolveTXT(name)
                .toCompletionStage()
                .handle((texts, error) -> {
                    if (error == null) {
                        return CompletableFuture.completedFuture(texts == null ? List.<String>of() : texts);
                    }
                    Throwable cause =
                            error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
                    boolean none = cause instanceof DnsException dns && dns.code() == DnsResponseCode.NXDOMAIN;
                    return none
                            ? CompletableFuture.completedFuture(List.<String>of())
                            : CompletableFuture.<List<String>>failedFuture(cause);
                })
                .thenCompose(found -> found);
    }
}
