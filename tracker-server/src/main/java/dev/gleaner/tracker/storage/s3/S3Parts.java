package dev.gleaner.tracker.storage.s3;

import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.storage.ObjectStore;
import io.minio.AbortMultipartUploadArgs;
import io.minio.CompleteMultipartUploadArgs;
import io.minio.CreateMultipartUploadArgs;
import io.minio.ListMultipartUploadsArgs;
import io.minio.ListPartsArgs;
import io.minio.MinioAsyncClient;
import io.minio.errors.MinioException;
import io.minio.messages.ListMultipartUploadsResult;
import io.minio.messages.ListMultipartUploadsResult.Upload;
import io.minio.messages.Part;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/**
 * Large objects that workers upload in parts (S3's multipart upload). The store alone remembers what was begun, so that every tracker
 * goes on with the same upload. Lengths are signed; digests are for the judge, who reads the whole object. Safe for any thread.
 */
final class S3Parts {
    private final S3Settings settings;
    private final MinioAsyncClient client;
    private final S3Links links;

    S3Parts(S3Settings settings, MinioAsyncClient client, S3Links links) {
        this.settings = settings;
        this.client = client;
        this.links = links;
    }

    Optional<Tickets.Ticket> ticket(String key, ShardObject object, Duration validFor) throws IOException {
        if (object.bytes() <= settings.partBytes()) {
            return Optional.empty();
        }
        Optional<Upload> begun = latest(key);
        String session = begun.isPresent() ? begun.get().uploadId() : begin(key);
        List<Tickets.Part> parts = new ArrayList<>();
        try {
            for (long offset = 0; offset < object.bytes(); offset += settings.partBytes()) {
                long bytes = Math.min(settings.partBytes(), object.bytes() - offset);
                String url = links.put(
                        key,
                        Map.of("partNumber", Integer.toString(parts.size() + 1), "uploadId", session),
                        Map.of(),
                        bytes,
                        validFor);
                parts.add(new Tickets.Part(url, offset, bytes));
            }
        } catch (MinioException e) {
            throw new IOException("cannot sign links for parts: " + e.getMessage(), e);
        }
        int seconds = Math.toIntExact(validFor.toSeconds());
        return Optional.of(new Tickets.Ticket(object.name(), "", Map.of(), seconds, new Tickets.Parts(session, parts)));
    }

    /** Makes the object of its parts if all are there, each of the length that was signed. */
    void complete(String key, ShardObject object) throws IOException {
        for (Upload upload : uploads(key)) {
            List<Part> parts = parts(key, upload);
            long bytes = parts.stream().mapToLong(Part::partSize).sum();
            if (bytes == object.bytes()) {
                await(
                        "put together " + key,
                        () -> client.completeMultipartUpload(CompleteMultipartUploadArgs.builder()
                                .bucket(settings.bucket())
                                .object(settings.prefix() + key)
                                .uploadId(upload.uploadId())
                                .parts(parts.toArray(Part[]::new))
                                .build()));
                return;
            }
        }
    }

    void each(String prefix, Consumer<ObjectStore.Listed> each) throws IOException {
        String keyMarker = null;
        String idMarker = null;
        ListMultipartUploadsResult page;
        do {
            String fromKey = keyMarker;
            String fromId = idMarker;
            page = await("list unfinished uploads", () -> {
                        ListMultipartUploadsArgs.Builder args = ListMultipartUploadsArgs.builder()
                                .bucket(settings.bucket())
                                .prefix(settings.prefix() + prefix);
                        if (fromKey != null) {
                            args.keyMarker(fromKey).uploadIdMarker(fromId);
                        }
                        return client.listMultipartUploads(args.build());
                    })
                    .result();
            for (Upload upload : page.uploads()) {
                String name = upload.objectName();
                if (name.startsWith(settings.prefix() + prefix)) {
                    each.accept(new ObjectStore.Listed(
                            name.substring(settings.prefix().length()),
                            0,
                            upload.initiated().toInstant()));
                }
            }
            keyMarker = page.nextKeyMarker();
            idMarker = page.nextUploadIdMarker();
        } while (page.isTruncated() && keyMarker != null);
    }

    void abandon(String key) throws IOException {
        for (Upload upload : uploads(key)) {
            await(
                    "abandon parts of " + key,
                    () -> client.abortMultipartUpload(AbortMultipartUploadArgs.builder()
                            .bucket(settings.bucket())
                            .object(settings.prefix() + key)
                            .uploadId(upload.uploadId())
                            .build()));
        }
    }

    private String begin(String key) throws IOException {
        return await(
                        "begin an upload of " + key,
                        () -> client.createMultipartUpload(CreateMultipartUploadArgs.builder()
                                .bucket(settings.bucket())
                                .object(settings.prefix() + key)
                                .build()))
                .result()
                .uploadId();
    }

    private Optional<Upload> latest(String key) throws IOException {
        return uploads(key).stream().max(Comparator.comparing(Upload::initiated).thenComparing(Upload::uploadId));
    }

    private List<Upload> uploads(String key) throws IOException {
        String name = settings.prefix() + key;
        return await(
                        "list uploads of " + key,
                        () -> client.listMultipartUploads(ListMultipartUploadsArgs.builder()
                                .bucket(settings.bucket())
                                .prefix(name)
                                .build()))
                .result()
                .uploads()
                .stream()
                .filter(upload -> upload.objectName().equals(name))
                .toList();
    }

    private List<Part> parts(String key, Upload upload) throws IOException {
        List<Part> parts = new ArrayList<>(await(
                        "list parts of " + key,
                        () -> client.listParts(ListPartsArgs.builder()
                                .bucket(settings.bucket())
                                .object(settings.prefix() + key)
                                .uploadId(upload.uploadId())
                                .build()))
                .result()
                .parts());
        parts.sort(Comparator.comparingInt(Part::partNumber));
        return parts;
    }

    private interface Call<T> {
        CompletableFuture<T> begin() throws MinioException;
    }

    private static <T> T await(String what, Call<T> call) throws IOException {
        try {
            return call.begin().get();
        } catch (MinioException e) {
            throw new IOException("cannot " + what + ": " + e.getMessage(), e);
        } catch (ExecutionException e) {
            throw new IOException("cannot " + what + ": " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
