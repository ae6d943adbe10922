package dev.gleaner.tracker.storage.s3;

import io.minio.Http;
import io.minio.Signer;
import io.minio.errors.MinioException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import okhttp3.HttpUrl;
import okhttp3.Request;
import okhttp3.RequestBody;

/**
 * Links by which workers upload, signed over length and headers. The client's own presigning leaves the length out, hence {@link
 * Signer} (minio-java 9.0.4).
 */
final class S3Links {
    static final DateTimeFormatter AMZ_DATE =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final S3Settings settings;
    private final InstantSource clock;
    private final Http.BaseUrl url;

    S3Links(S3Settings settings, InstantSource clock) {
        this.settings = settings;
        this.clock = clock;
        this.url = new Http.BaseUrl(settings.publicEndpoint().toString());
        url.setRegion(settings.region());
        if (settings.virtualHost()) {
            url.enableVirtualStyleEndpoint();
        } else {
            url.disableVirtualStyleEndpoint();
        }
    }

    /** A link to GET an object. */
    String get(String key, Duration validFor) throws MinioException {
        Http.QueryParameters parameters = new Http.QueryParameters();
        String session = settings.sessionToken();
        if (session != null) {
            parameters.put("X-Amz-Security-Token", session);
        }
        HttpUrl address = url.buildUrl(
                Http.Method.GET, settings.bucket(), settings.prefix() + key, settings.region(), parameters);
        Request request = new Request.Builder()
                .url(address)
                .get()
                .header("Host", host(address))
                .header("x-amz-date", AMZ_DATE.format(clock.instant()))
                .build();
        return Signer.presignV4(
                        request,
                        settings.region(),
                        settings.accessKey(),
                        settings.secretKey(),
                        Math.toIntExact(validFor.toSeconds()))
                .toString();
    }

    /** A link to PUT so many bytes with these headers. */
    String put(String key, Map<String, String> query, Map<String, String> headers, long bytes, Duration validFor)
            throws MinioException {
        Http.QueryParameters parameters = new Http.QueryParameters();
        query.forEach(parameters::put);
        String session = settings.sessionToken();
        if (session != null) {
            parameters.put("X-Amz-Security-Token", session);
        }
        HttpUrl address = url.buildUrl(
                Http.Method.PUT, settings.bucket(), settings.prefix() + key, settings.region(), parameters);
        Request.Builder request = new Request.Builder()
                .url(address)
                .method("PUT", RequestBody.create(new byte[0]))
                .header("Host", host(address))
                .header("Content-Length", Long.toString(bytes))
                .header("x-amz-date", AMZ_DATE.format(clock.instant()));
        headers.forEach(request::header);
        return Signer.presignV4(
                        request.build(),
                        settings.region(),
                        settings.accessKey(),
                        settings.secretKey(),
                        Math.toIntExact(validFor.toSeconds()))
                .toString();
    }

    static String host(HttpUrl address) {
        boolean plain = address.port() == HttpUrl.defaultPort(address.scheme());
        return plain ? address.host() : address.host() + ":" + address.port();
    }
}
