package dev.gleaner.worker.wat;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A WAT behind HTTP range requests (RFC 9110 section 14).
 *
 * <p>Reads in ranges of the size the caller expects to need and goes on with smaller ones where a member runs past that.
 * A connection that breaks is taken up again at the same byte, a bounded number of times and never more than once a
 * second: Common Crawl serves some thousand requests a second to everybody together.
 */
public final class HttpWatSource implements WatSource {
    private static final Logger log = LoggerFactory.getLogger(HttpWatSource.class);
    private static final int ATTEMPTS = 4;
    private static final long TAIL = 1 << 20;
    /** Common Crawl answers 403 to an address that asked too often; what it does not have is 404. */
    private static final Set<Integer> TEMPORARY = Set.of(403, 408, 425, 429);

    private final HttpClient client;
    private final URI uri;
    private final String userAgent;
    private final Pause pause;
    private final Turn turn;
    private OptionalLong length = OptionalLong.empty();

    /** Waits between two tries; in tests it does not. */
    @FunctionalInterface
    public interface Pause {
        void before(int attempt) throws InterruptedException;

        /** 1 s, 2 s, 4 s. */
        static Pause exponential() {
            return attempt -> Thread.sleep(1000L << (attempt - 1));
        }
    }

    /** Whose turn it is to ask a host. */
    public interface Turn {
        Turn ANY_TIME = new Turn() {
            @Override
            public void await() {}

            @Override
            public void answered(int status, long retryAfterSeconds) {}
        };

        /** Waits until the host may be asked. */
        void await() throws InterruptedException;

        /** @param retryAfterSeconds negative when the host says nothing, or a date */
        void answered(int status, long retryAfterSeconds);
    }

    public HttpWatSource(HttpClient client, URI uri, String userAgent, Pause pause, Turn turn) {
        this.turn = turn;
        this.client = client;
        this.uri = uri;
        this.userAgent = userAgent;
        this.pause = pause;
    }

    @Override
    public long length() throws IOException {
        if (length.isEmpty()) {
            try (InputStream ignored = request(0, 1).body()) {
                log.trace("asked for the length only");
            }
        }
        return length.orElseThrow();
    }

    @Override
    public InputStream open(long from, long likelyEnd) throws IOException {
        return new RangeStream(from, Math.min(length(), Math.max(likelyEnd, from + 1) + TAIL));
    }

    @Override
    public String name() {
        return uri.toString();
    }

    private HttpResponse<InputStream> request(long from, long end) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return requestOnce(from, end);
            } catch (InputUnavailableException e) {
                throw e;
            } catch (IOException e) {
                if (attempt == ATTEMPTS) {
                    throw new IOException(uri + " could not be read in " + ATTEMPTS + " tries: " + e.getMessage(), e);
                }
                log.info("WAT read will be tried again: wat={} from={} cause={}", uri, from, e.toString());
                sleep(attempt);
            }
        }
    }

    private HttpResponse<InputStream> requestOnce(long from, long end) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(uri)
                .timeout(Duration.ofSeconds(60))
                .header("User-Agent", userAgent)
                .header("Range", "bytes=" + from + "-" + (end - 1))
                .build();
        HttpResponse<InputStream> response;
        try {
            turn.await();
            response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        int status = response.statusCode();
        turn.answered(status, retryAfterSeconds(response));
        if (status == 206) {
            String range = response.headers().firstValue("Content-Range").orElse("");
            length = OptionalLong.of(totalOf(range));
            return response;
        }
        if (status == 200) {
            length = response.headers().firstValueAsLong("Content-Length");
            if (length.isEmpty()) {
                response.body().close();
                throw new InputUnavailableException(uri + " supports no range requests and tells no length");
            }
            response.body().skipNBytes(from);
            return response;
        }
        response.body().close();
        if (status == 416) {
            throw new InputUnavailableException(uri + " is empty or shorter than its own range (status 416)");
        }
        if (status >= 400 && status < 500 && !TEMPORARY.contains(status)) {
            throw new InputUnavailableException(uri + " answers status " + status);
        }
        throw new IOException(uri + " answers status " + status);
    }

    private static long retryAfterSeconds(HttpResponse<InputStream> response) {
        try {
            return response.headers().firstValueAsLong("Retry-After").orElse(-1);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private long totalOf(String contentRange) throws IOException {
        int slash = contentRange.lastIndexOf('/');
        try {
            return Long.parseLong(contentRange.substring(slash + 1));
        } catch (NumberFormatException e) {
            throw new IOException(uri + " sends no usable Content-Range", e);
        }
    }

    private void sleep(int attempt) throws InterruptedIOException {
        try {
            pause.before(attempt);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static InterruptedIOException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        InterruptedIOException wrapped = new InterruptedIOException("interrupted while reading a WAT");
        wrapped.initCause(e);
        return wrapped;
    }

    /** Joins as many ranges as needed into one stream; a broken one is asked for again from where it broke. */
    private final class RangeStream extends InputStream {
        private long position;
        private long end;
        private InputStream current;
        private int failures;

        RangeStream(long from, long end) throws IOException {
            position = from;
            this.end = end;
            current = from < end ? request(from, end).body() : InputStream.nullInputStream();
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 255;
        }

        @Override
        public int read(byte[] into, int offset, int count) throws IOException {
            while (true) {
                if (position >= end) {
                    if (end >= length()) {
                        return -1;
                    }
                    current.close();
                    end = Math.min(length(), position + TAIL);
                    current = request(position, end).body();
                }
                try {
                    int got = current.read(into, offset, (int) Math.min(count, end - position));
                    if (got < 0) {
                        throw new IOException("the connection ended early");
                    }
                    failures = 0;
                    position += got;
                    return got;
                } catch (InterruptedIOException e) {
                    throw e;
                } catch (IOException e) {
                    if (++failures == ATTEMPTS) {
                        throw new IOException(uri + " broke off " + ATTEMPTS + " times at byte " + position, e);
                    }
                    log.info("WAT read goes on after a break: wat={} at={} cause={}", uri, position, e.toString());
                    sleep(failures);
                    current.close();
                    current = request(position, end).body();
                }
            }
        }

        @Override
        public void close() throws IOException {
            current.close();
        }
    }
}
