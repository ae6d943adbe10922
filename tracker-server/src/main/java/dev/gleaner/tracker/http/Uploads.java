package dev.gleaner.tracker.http;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.tracker.service.BundleShelf;
import dev.gleaner.tracker.service.Refusal;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import io.vertx.core.Vertx;
import io.vertx.core.file.OpenOptions;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;

/** Takes files: workers' objects where the tracker stores them itself, and operators' model bundles. */
final class Uploads {
    /** Whoever sends more slowly for long, 16 kB a second, only sits on a connection. */
    static final long SLOWEST_BYTES_PER_MILLI = 16;

    private static final long MOST_MILLIS = 60_000;
    private static final long MAX_BUNDLE_FILE_BYTES = 8L << 30;

    private final Vertx vertx;
    private final Calls calls;

    Uploads(Vertx vertx, Calls calls) {
        this.vertx = vertx;
        this.calls = calls;
    }

    /** Of the object that the call is about. */
    static String key(RoutingContext ctx) {
        return ctx.request().path().substring("/v1/objects/".length());
    }

    void object(RoutingContext ctx, FileObjectStore store) {
        ctx.request().pause();
        FileObjectStore.Link link = new FileObjectStore.Link(
                key(ctx),
                Requests.number(ctx.request().getParam("bytes", ""), "bytes"),
                ctx.request().getParam("sha256", ""),
                Requests.number(ctx.request().getParam("expires", ""), "expires"),
                ctx.request().getParam("signature", ""));
        try {
            store.check(link);
        } catch (FileObjectStore.RefusedException e) {
            throw new Refusal(e.code(), String.valueOf(e.getMessage()));
        }
        receive(ctx, store::newUpload, link.bytes(), file -> {
            try {
                store.take(link, file);
            } catch (FileObjectStore.RefusedException e) {
                throw new Refusal(e.code(), String.valueOf(e.getMessage()));
            }
        });
    }

    void bundleFile(RoutingContext ctx, BundleShelf bundles) {
        ctx.request().pause();
        String announced = ctx.request().getHeader("Content-Length");
        long length = Requests.number(announced == null ? "" : announced, "Content-Length");
        if (length > MAX_BUNDLE_FILE_BYTES) {
            throw new Refusal(
                    ProblemCode.BODY_TOO_LARGE, "a bundle's file has at most " + MAX_BUNDLE_FILE_BYTES + " bytes");
        }
        receive(
                ctx,
                bundles::newUpload,
                length,
                file -> bundles.take(ctx.pathParam("id"), ctx.pathParam("file"), file));
    }

    private interface Taking {
        void take(Path file) throws IOException;
    }

    /** Streams a body of exactly the announced length to a new file, then hands the file on. */
    private void receive(RoutingContext ctx, Callable<Path> place, long bytes, Taking taking) {
        if (!Long.toString(bytes).equals(ctx.request().getHeader("Content-Length"))) {
            ctx.response().putHeader("Connection", "close");
            throw new Refusal(ProblemCode.UPLOAD_MISMATCH, "Content-Length must be " + bytes);
        }
        calls.closeAfter(ctx, MOST_MILLIS + bytes / SLOWEST_BYTES_PER_MILLI);
        calls.blocking(place)
                .compose(path -> vertx.fileSystem()
                        .open(path.toString(), new OpenOptions().setWrite(true).setTruncateExisting(true))
                        .compose(file -> ctx.request().pipeTo(file))
                        .compose(ok -> calls.blocking(() -> {
                            requireAll(path, bytes);
                            taking.take(path);
                            return path;
                        }))
                        .onFailure(e -> vertx.fileSystem().delete(path.toString())))
                .onSuccess(ok -> Answers.render(ctx, 200, Map.of()))
                .onFailure(ctx::fail);
    }

    /** All announced bytes have come over the wire, so a shorter file is the disk's fault and not the sender's. */
    private static void requireAll(Path file, long bytes) throws IOException {
        if (Files.size(file) != bytes) {
            throw new IOException(
                    "only " + Files.size(file) + " of " + bytes + " received bytes could be written to " + file);
        }
    }
}
