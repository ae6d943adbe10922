package dev.gleaner.tracker.storage.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.service.Tokens;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What two trackers do to each other in one bucket, and what a store does that heeds no conditions, on a store that plays along. */
class S3ObjectStoreTest {
    private static final String FROM = "incoming/a";
    private static final String TO = "accepted/a";
    private static final String BODY = "hello";

    @TempDir
    Path folder;

    private final Map<String, String> objects = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private HttpServer server;
    private S3ObjectStore store;

    /** Whether copies fail, and what happens to the store before one does. */
    private boolean copiesFail;

    private boolean completingFails;
    private boolean forbidden;
    private long partBytes = large().bytes();
    private String condition = "";
    private String copied = BODY;
    private Runnable meanwhile = () -> {};

    @BeforeEach
    void open() throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::handle);
        server.start();
        URI endpoint = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        S3Settings settings = new S3Settings(
                endpoint,
                endpoint,
                "us-east-1",
                "shards",
                "",
                false,
                "key",
                "secret",
                null,
                S3Settings.LEAST_PART_BYTES);
        store = new S3ObjectStore(settings, folder.resolve("copies"), InstantSource.system());
        requests.clear();
    }

    @AfterEach
    void close() {
        store.close();
        server.stop(0);
    }

    private static String etag(String body) {
        return "\"" + Tokens.hash(body).substring(0, 32) + "\"";
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            exchange.getRequestBody().readAllBytes();
            String path = exchange.getRequestURI().getPath();
            String query = String.valueOf(exchange.getRequestURI().getQuery());
            String method = exchange.getRequestMethod();
            String key = path.startsWith("/shards/") ? path.substring("/shards/".length()) : "";
            requests.add(method + " " + key);
            if (forbidden) {
                answer(exchange, 403, error("AccessDenied"));
            } else if (key.isEmpty()) {
                answer(exchange, 200, query.contains("uploads") ? uploads() : "");
            } else if (query.contains("uploadId")) {
                boolean completes = method.equals("POST");
                if (completes) {
                    meanwhile.run();
                }
                if (completes && completingFails) {
                    answer(exchange, 404, error("NoSuchUpload"));
                } else if (completes) {
                    objects.put(key, BODY);
                    answer(
                            exchange,
                            200,
                            xml(
                                    "CompleteMultipartUploadResult",
                                    "<Location>x</Location><Bucket>shards</Bucket><Key>" + key + "</Key><ETag>"
                                            + etag(BODY) + "</ETag>"));
                } else {
                    answer(exchange, 200, parts());
                }
            } else if (exchange.getRequestHeaders().containsKey("x-amz-copy-source")) {
                condition = exchange.getRequestHeaders().getFirst("x-amz-copy-source-if-match");
                meanwhile.run();
                if (copiesFail) {
                    answer(exchange, 412, error("PreconditionFailed"));
                } else {
                    objects.put(key, copied);
                    answer(
                            exchange,
                            200,
                            xml(
                                    "CopyObjectResult",
                                    "<ETag>" + etag(copied)
                                            + "</ETag><LastModified>2026-01-02T03:04:05.000Z</LastModified>"));
                }
            } else if (method.equals("DELETE")) {
                objects.remove(key);
                answer(exchange, 204, "");
            } else if (objects.containsKey(key)) {
                exchange.getResponseHeaders().add("ETag", etag(objects.get(key)));
                exchange.getResponseHeaders().add("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT");
                answer(exchange, 200, objects.get(key));
            } else {
                answer(exchange, 404, error("NoSuchKey"));
            }
        }
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        if (body.startsWith("<")) {
            exchange.getResponseHeaders().add("Content-Type", "application/xml");
        }
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().add("Content-Length", Integer.toString(bytes.length));
            exchange.sendResponseHeaders(status, -1);
        } else {
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private static String xml(String name, String inside) {
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><" + name
                + " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" + inside + "</" + name + ">";
    }

    private static String error(String code) {
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>" + code + "</Code><Message>" + code
                + "</Message></Error>";
    }

    private static final String WHO = "<Initiator><ID>i</ID><DisplayName>i</DisplayName></Initiator>"
            + "<Owner><ID>o</ID><DisplayName>o</DisplayName></Owner><StorageClass>STANDARD</StorageClass>";

    private static String uploads() {
        return xml(
                "ListMultipartUploadsResult",
                "<Bucket>shards</Bucket><KeyMarker/><UploadIdMarker/><MaxUploads>1000</MaxUploads><IsTruncated>false</IsTruncated><Upload><Key>"
                        + FROM + "</Key><UploadId>u1</UploadId>" + WHO
                        + "<Initiated>2026-01-02T03:04:05.000Z</Initiated></Upload>");
    }

    private String parts() {
        return xml(
                "ListPartsResult",
                "<Bucket>shards</Bucket><Key>" + FROM + "</Key><UploadId>u1</UploadId>" + WHO
                        + "<PartNumberMarker>0</PartNumberMarker><NextPartNumberMarker>1</NextPartNumberMarker>"
                        + "<MaxParts>1000</MaxParts><IsTruncated>false</IsTruncated>"
                        + "<Part><PartNumber>1</PartNumber><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>\"p\"</ETag><Size>"
                        + partBytes + "</Size></Part>");
    }

    private static ShardObject large() {
        return new ShardObject("large", S3Settings.LEAST_PART_BYTES + 1, "a".repeat(64), 1);
    }

    private static ObjectStore.Known known(String version) {
        return new ObjectStore.Known(FROM, version, BODY.length(), Tokens.hash(BODY));
    }

    private List<Path> copies() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("copies"))) {
            return files.toList();
        }
    }

    @Test
    void partsBecomeTheObjectAndASmallOneHasNone() throws Exception {
        store.complete(FROM, new ShardObject("small", S3Settings.LEAST_PART_BYTES, "a".repeat(64), 1));
        assertEquals(List.of(), requests, "an object of one PUT is not asked about");
        store.complete(FROM, large());
        assertEquals(Optional.of((long) BODY.length()), store.size(FROM));
    }

    @Test
    void ofTwoTrackersThatCompleteTheSameUploadTheSecondDoesNotFail() throws Exception {
        completingFails = true;
        meanwhile = () -> objects.put(FROM, BODY);
        store.complete(FROM, large());
        assertEquals(Optional.of((long) BODY.length()), store.size(FROM));
    }

    @Test
    void anUploadThatCannotBeCompletedIsAnError() {
        completingFails = true;
        IOException e = assertThrows(IOException.class, () -> store.complete(FROM, large()));
        assertTrue(e.getMessage().startsWith("cannot put together " + FROM), e.getMessage());
    }

    @Test
    void anObjectMovesWhenItIsStillTheOneThatWasRead() throws Exception {
        objects.put(FROM, BODY);
        store.promote(known(etag(BODY)), TO);
        assertEquals(Map.of(TO, BODY), objects);
        assertEquals(etag(BODY), condition, "a store that heeds conditions is given one");
    }

    @Test
    void aStoreThatRefusesIsNotOneWithoutTheObject() {
        objects.put(FROM, BODY);
        forbidden = true;
        assertThrows(IOException.class, () -> store.size(FROM));
        IOException e = assertThrows(IOException.class, () -> store.open(FROM, 9));
        assertFalse(e instanceof NoSuchFileException, e.toString());
    }

    @Test
    void anObjectIsNotMadeOfPartsThatAreNotAllThere() throws Exception {
        partBytes = large().bytes() - 1;
        store.complete(FROM, large());
        assertEquals(Map.of(), objects);
    }

    @Test
    void anObjectIsNotMovedOntoItselfAndNotWithoutAVersion() throws Exception {
        objects.put(FROM, BODY);
        store.promote(known(etag(BODY)), FROM);
        assertEquals(Map.of(FROM, BODY), objects);
        assertEquals(List.of(), requests);
        assertThrows(IOException.class, () -> store.promote(known(""), TO));
        assertEquals(Map.of(FROM, BODY), objects);
    }

    @Test
    void ofTwoTrackersThatMoveTheSameObjectTheSecondDoesNotFail() throws Exception {
        objects.put(TO, BODY);
        store.promote(known(etag(BODY)), TO);
        assertEquals(Map.of(TO, BODY), objects, "the other was through with it");
        objects.clear();
        objects.put(FROM, BODY);
        copiesFail = true;
        meanwhile = () -> objects.put(TO, BODY);
        store.promote(known(etag(BODY)), TO);
        assertEquals(Map.of(TO, BODY), objects, "the other was just at it");
    }

    @Test
    void aCopyThatFailsIsNotTakenForAnothersWork() {
        objects.put(FROM, BODY);
        copiesFail = true;
        assertThrows(IOException.class, () -> store.promote(known(etag(BODY)), TO));
        meanwhile = () -> objects.put(TO, "other");
        assertThrows(IOException.class, () -> store.promote(known(etag(BODY)), TO));
        assertEquals(BODY, objects.get(FROM), "and the object stays");
    }

    /** Of a store that heeds no condition of a copy. */
    @Test
    void anObjectThatChangedAfterItWasReadIsNotAccepted() {
        objects.put(FROM, BODY);
        copied = "other";
        IOException e = assertThrows(IOException.class, () -> store.promote(known(etag(BODY)), TO));
        assertTrue(e.getMessage().contains("changed while it was judged"), e.getMessage());
        assertFalse(objects.containsKey(TO), "the copy is taken away again");
        assertTrue(objects.containsKey(FROM));
    }

    /** Of a store that encrypts: the tag is of other bytes, and the object is the same. */
    @Test
    void aCopyWithATagOfItsOwnIsTakenWhenItsBytesAreRight() throws Exception {
        objects.put(FROM, BODY);
        store.promote(known("\"a tag of the original's own\""), TO);
        assertEquals(Map.of(TO, BODY), objects);
    }

    @Test
    void noMoreIsReadThanWasAnnouncedAndNothingIsLeftBehind() throws Exception {
        objects.put(FROM, BODY);
        try (ObjectStore.LocalCopy copy = store.open(FROM, BODY.length())) {
            assertEquals(BODY, Files.readString(copy.path()));
            assertEquals(etag(BODY), copy.version());
        }
        assertThrows(IOException.class, () -> store.open(FROM, BODY.length() - 1));
        assertThrows(NoSuchFileException.class, () -> store.open("incoming/b", 9));
        assertEquals(new ArrayList<>(), copies());
        assertEquals(Optional.empty(), store.size("incoming/b"));
    }
}
