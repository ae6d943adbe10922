package dev.gleaner.tracker.storage.s3;

import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.tracker.storage.ObjectKeys;
import dev.gleaner.tracker.storage.ObjectStore;
import io.minio.BucketExistsArgs;
import io.minio.CopyObjectArgs;
import io.minio.GetObjectArgs;
import io.minio.GetObjectResponse;
import io.minio.Http;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioAsyncClient;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.minio.RemoveObjectArgs;
import io.minio.Result;
import io.minio.Signer;
import io.minio.SourceObject;
import io.minio.StatObjectArgs;
import io.minio.UploadObjectArgs;
import io.minio.credentials.StaticProvider;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import io.minio.messages.Item;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * Objects in an S3 bucket. A ticket is a presigned PUT whose signature covers length, SHA-256 and {@code If-None-Match: *}: a
 * store that looks at them takes exactly the declared bytes, once. Stores differ in what they look at, so nothing here relies
 * on it: what is judged is a local copy of what the store gives, and what is accepted must still be that.
 */
public final class S3ObjectStore implements ObjectStore, AutoCloseable {
    private static final int CONNECT_SECONDS = 5;
    private static final int IO_SECONDS = 60;
    private static final String SHA256_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private static final String PROBE = "probe/writable";

    private final S3Settings settings;
    private final InstantSource clock;
    private final OkHttpClient http;
    private final MinioClient client;
    private final S3Links links;
    private final S3Parts parts;
    private final Path temporary;

    /**
     * Connects; makes the bucket when it is not there.
     *
     * @param temporary for local copies of objects
     * @throws IOException when the store cannot be reached or refuses the credentials
     */
    public S3ObjectStore(S3Settings settings, Path temporary, InstantSource clock) throws IOException {
        this.settings = settings;
        this.clock = clock;
        this.temporary = Files.createDirectories(temporary);
        this.http = new OkHttpClient.Builder()
                .connectTimeout(CONNECT_SECONDS, TimeUnit.SECONDS)
                .readTimeout(IO_SECONDS, TimeUnit.SECONDS)
                .writeTimeout(IO_SECONDS, TimeUnit.SECONDS)
                .build();
        StaticProvider credentials =
                new StaticProvider(settings.accessKey(), settings.secretKey(), settings.sessionToken());
        this.client = MinioClient.builder()
                .endpoint(settings.endpoint().toString())
                .region(settings.region())
                .credentialsProvider(credentials)
                .httpClient(http)
                .build();
        MinioAsyncClient forParts = MinioAsyncClient.builder()
                .endpoint(settings.endpoint().toString())
                .region(settings.region())
                .credentialsProvider(credentials)
                .httpClient(http)
                .build();
        if (settings.virtualHost()) {
            client.enableVirtualStyleEndpoint();
            forParts.enableVirtualStyleEndpoint();
        } else {
            client.disableVirtualStyleEndpoint();
            forParts.disableVirtualStyleEndpoint();
        }
        this.links = new S3Links(settings, clock);
        this.parts = new S3Parts(settings, forParts, links);
        call("open bucket " + settings.bucket(), () -> {
            if (!bucketExists()) {
                try {
                    makeBucket();
                } catch (MinioException | IOException e) {
                    // Another tracker that starts just now may have been faster.
                    if (!bucketExists()) {
                        throw e;
                    }
                }
            }
            return true;
        });
    }

    private boolean bucketExists() throws MinioException {
        return client.bucketExists(BucketExistsArgs.builder()
                .bucket(settings.bucket())
                .region(settings.region())
                .build());
    }

    /** The default region must not be named when a bucket is made, but minio-java 9.0.4 names every one. */
    private void makeBucket() throws MinioException, IOException {
        if (!settings.region().equals(Http.US_EAST_1)) {
            client.makeBucket(MakeBucketArgs.builder()
                    .bucket(settings.bucket())
                    .region(settings.region())
                    .locationConstraint(settings.region())
                    .build());
            return;
        }
        Http.BaseUrl endpoint = new Http.BaseUrl(settings.endpoint().toString());
        HttpUrl url = endpoint.buildUrl(
                Http.Method.PUT, settings.bucket(), null, settings.region(), new Http.QueryParameters());
        Request.Builder request = new Request.Builder()
                .url(url)
                .method("PUT", RequestBody.create(new byte[0]))
                .header("Host", S3Links.host(url))
                .header("x-amz-content-sha256", SHA256_OF_NOTHING)
                .header("x-amz-date", S3Links.AMZ_DATE.format(clock.instant()));
        String session = settings.sessionToken();
        if (session != null) {
            request.header("x-amz-security-token", session);
        }
        Request signed = Signer.signV4S3(
                request.build(), settings.region(), settings.accessKey(), settings.secretKey(), SHA256_OF_NOTHING);
        try (Response response = http.newCall(signed).execute()) {
            if (!response.isSuccessful()) {
                throw new IOException("the store answers " + response.code() + " to making the bucket");
            }
        }
    }

    @Override
    public String link(String key, long bytes, Duration validFor) throws IOException {
        return call("sign a link", () -> links.get(key, validFor));
    }

    @Override
    public Tickets.Ticket ticket(String key, ShardObject object, Duration validFor) throws IOException {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", "application/octet-stream");
        headers.put(
                "x-amz-checksum-sha256",
                Base64.getEncoder().encodeToString(HexFormat.of().parseHex(object.sha256())));
        headers.put("If-None-Match", "*");
        String url = call("sign a ticket", () -> links.put(key, Map.of(), headers, object.bytes(), validFor));
        return new Tickets.Ticket(object.name(), url, headers, Math.toIntExact(validFor.toSeconds()));
    }

    @Override
    public Optional<Tickets.Ticket> partTicket(String key, ShardObject object, Duration validFor) throws IOException {
        return parts.ticket(key, object, validFor);
    }

    @Override
    public void complete(String key, ShardObject object) throws IOException {
        if (object.bytes() <= settings.partBytes()) {
            return;
        }
        try {
            parts.complete(key, object);
        } catch (IOException e) {
            // Another tracker that judges the same result may have been faster.
            if (size(key).isEmpty()) {
                throw e;
            }
        }
    }

    @Override
    public void eachUnfinished(String prefix, Consumer<Listed> each) throws IOException {
        parts.each(prefix, each);
    }

    @Override
    public void abandon(String key) throws IOException {
        parts.abandon(key);
    }

    @Override
    public Optional<Long> size(String key) throws IOException {
        return call("look at " + key, () -> {
            try {
                return Optional.of(client.statObject(StatObjectArgs.builder()
                                .bucket(settings.bucket())
                                .object(settings.prefix() + key)
                                .build())
                        .size());
            } catch (ErrorResponseException e) {
                if (isMissing(e)) {
                    return Optional.empty();
                }
                throw e;
            }
        });
    }

    @Override
    public LocalCopy open(String key, long maxBytes) throws IOException {
        Path file = Files.createTempFile(temporary, "object-", ".part");
        try {
            String version = call("read " + key, () -> {
                try (GetObjectResponse in = client.getObject(GetObjectArgs.builder()
                                .bucket(settings.bucket())
                                .object(settings.prefix() + key)
                                .build());
                        OutputStream out = Files.newOutputStream(file)) {
                    copy(in, out, maxBytes);
                    String etag = in.headers().get("ETag");
                    return etag == null ? "" : etag;
                } catch (ErrorResponseException e) {
                    if (isMissing(e)) {
                        throw new NoSuchFileException(key);
                    }
                    throw e;
                }
            });
            return new Copy(file, version);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    private static void copy(GetObjectResponse in, OutputStream out, long maxBytes) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long left = maxBytes;
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            left -= n;
            if (left < 0) {
                throw new IOException("the store gives more than the " + maxBytes + " bytes it announced");
            }
            out.write(buffer, 0, n);
        }
    }

    private record Copy(Path path, String version) implements LocalCopy {
        @Override
        public void close() {
            try {
                Files.deleteIfExists(path);
            } catch (IOException e) {
                path.toFile().deleteOnExit();
            }
        }
    }

    /** A copy inside the store, on the condition that the object is still the one that was read; then the old one goes. */
    @Override
    public void promote(Known object, String to) throws IOException {
        String from = object.key();
        if (from.equals(to)) {
            return;
        }
        if (object.version().isEmpty()) {
            throw new IOException("the store does not say which version of " + from + " was read");
        }
        try {
            copy(object, to);
        } catch (IOException e) {
            if (!isThere(object, to, e)) {
                throw e;
            }
        }
        delete(from);
    }

    private void copy(Known object, String to) throws IOException {
        call("accept " + object.key(), () -> {
            client.copyObject(CopyObjectArgs.builder()
                    .bucket(settings.bucket())
                    .object(settings.prefix() + to)
                    .source(SourceObject.builder()
                            .bucket(settings.bucket())
                            .object(settings.prefix() + object.key())
                            .build())
                    // The client's own condition leaves the quotes out, which some stores take for another tag.
                    .extraHeaders(Map.of("x-amz-copy-source-if-match", object.version()))
                    .build());
            return true;
        });
        String now = call(
                "look at " + to,
                () -> client.statObject(StatObjectArgs.builder()
                                .bucket(settings.bucket())
                                .object(settings.prefix() + to)
                                .build())
                        .etag());
        // Not every store heeds the condition, and where it encrypts, a copy may have a tag of its own.
        if (!unquoted(object.version()).equals(unquoted(now)) && !holds(to, object)) {
            delete(to);
            throw new IOException("object " + object.key() + " changed while it was judged");
        }
    }

    /** After a copy that failed: whether another tracker made it. */
    private boolean isThere(Known object, String to, IOException failure) {
        try {
            return holds(to, object);
        } catch (IOException e) {
            failure.addSuppressed(e);
            return false;
        }
    }

    private boolean holds(String key, Known object) throws IOException {
        try (LocalCopy copy = open(key, object.bytes())) {
            return Digests.sha256(copy.path()).equals(object.sha256());
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    @Override
    public void put(String key, Path file) throws IOException {
        call("store " + key, () -> {
            client.uploadObject(UploadObjectArgs.builder()
                    .bucket(settings.bucket())
                    .object(settings.prefix() + key)
                    .filename(file.toString())
                    .build());
            return true;
        });
    }

    @Override
    public void delete(String key) throws IOException {
        call("delete " + key, () -> {
            client.removeObject(RemoveObjectArgs.builder()
                    .bucket(settings.bucket())
                    .object(settings.prefix() + key)
                    .build());
            return true;
        });
    }

    @Override
    public void each(String prefix, Consumer<Listed> each) throws IOException {
        call("list " + prefix, () -> {
            for (Result<Item> result : client.listObjects(ListObjectsArgs.builder()
                    .bucket(settings.bucket())
                    .prefix(settings.prefix() + prefix)
                    .recursive(true)
                    .build())) {
                Item item = result.get();
                if (!item.isDir()) {
                    each.accept(new Listed(
                            item.objectName().substring(settings.prefix().length()),
                            item.size(),
                            item.lastModified().toInstant()));
                }
            }
            return true;
        });
    }

    @Override
    public void requireWritable() throws IOException {
        byte[] nothing = new byte[0];
        call("write to bucket " + settings.bucket(), () -> {
            client.putObject(PutObjectArgs.builder().bucket(settings.bucket()).object(settings.prefix() + PROBE).stream(
                            new ByteArrayInputStream(nothing), 0L, -1L)
                    .build());
            return true;
        });
    }

    @Override
    public String place() {
        return "s3://" + settings.bucket() + "/" + settings.prefix() + ObjectKeys.ACCEPTED;
    }

    private interface Call<T> {
        T call() throws MinioException, IOException;
    }

    /** Every way in which a store or the way to it fails becomes an IOException that says what was tried. */
    private static <T> T call(String what, Call<T> call) throws IOException {
        try {
            return call.call();
        } catch (MinioException e) {
            throw new IOException("cannot " + what + ": " + e.getMessage(), e);
        } catch (NoSuchFileException e) {
            throw e;
        } catch (IOException | IllegalStateException | IllegalArgumentException e) {
            // The client wraps a refused connection into an IllegalStateException.
            throw new IOException("cannot " + what + ": " + e.getMessage(), e);
        }
    }

    private static boolean isMissing(ErrorResponseException e) {
        return Set.of("NoSuchKey", "NoSuchObject", "NotFound")
                .contains(e.errorResponse().code());
    }

    private static String unquoted(@Nullable String etag) {
        return etag == null ? "" : etag.replace("\"", "");
    }

    @Override
    public void close() {
        try {
            client.close();
        } catch (Exception e) {
            throw new IllegalStateException("the S3 client cannot be closed", e);
        }
        http.dispatcher().executorService().shutdown();
        http.connectionPool().evictAll();
    }
}
