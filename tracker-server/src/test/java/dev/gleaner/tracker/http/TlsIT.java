package dev.gleaner.tracker.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.tracker.Tracker;
import dev.gleaner.tracker.TrackerConfig;
import dev.gleaner.tracker.lease.LeaseSettings;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** HTTPS from PEM files, as a certificate authority hands them out. */
@Tag("jdk")
class TlsIT {
    private static final char[] PASSWORD = "changeit".toCharArray();

    private static final int CALLS = 100;
    private static final int LARGER_THAN_A_FRAME = 16_384;

    @TempDir
    Path folder;

    private KeyStore keys() throws Exception {
        Path file = folder.resolve("keys.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "tracker",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=dns:localhost,ip:127.0.0.1",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        new String(PASSWORD))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("keytool.log").toFile())
                .start();
        assertEquals(0, keytool.waitFor(), Files.readString(folder.resolve("keytool.log")));
        return KeyStore.getInstance(file.toFile(), PASSWORD);
    }

    private Path pem(String name, String type, byte[] der) throws IOException {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return Files.writeString(
                folder.resolve(name), "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n");
    }

    private static TrackerConfig config(Path data, TrackerConfig.Tls tls) {
        return new TrackerConfig(
                "127.0.0.1",
                0,
                data,
                LeaseSettings.DEFAULT,
                new TrackerConfig.LedgerPlace.Embedded(),
                new TrackerConfig.ObjectsPlace.Embedded(),
                null,
                List.of(),
                tls);
    }

    @Test
    void callsGoOverTlsAndNothingElseIsAnswered() throws Exception {
        KeyStore keys = keys();
        TrackerConfig.Tls tls = new TrackerConfig.Tls(
                pem("cert.pem", "CERTIFICATE", keys.getCertificate("tracker").getEncoded()),
                pem("key.pem", "PRIVATE KEY", keys.getKey("tracker", PASSWORD).getEncoded()));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        trusted.setCertificateEntry("tracker", keys.getCertificate("tracker"));
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        try (Tracker tracker = Tracker.start(config(folder.resolve("data"), tls), InstantSource.system(), "test")) {
            HttpRequest live = HttpRequest.newBuilder(
                            URI.create("https://127.0.0.1:" + tracker.port() + "/health/live"))
                    .build();
            HttpClient client = HttpClient.newBuilder().sslContext(context).build();
            assertEquals(
                    200,
                    client.send(live, HttpResponse.BodyHandlers.discarding()).statusCode());
            for (int i = 0; i < CALLS; i++) {
                HttpResponse<String> meters =
                        meters("https", HttpClient.newBuilder().sslContext(context), tracker);
                assertTrue(meters.body().length() > LARGER_THAN_A_FRAME, "the answer is in parts");
            }
            HttpRequest plain = HttpRequest.newBuilder(
                            URI.create("http://127.0.0.1:" + tracker.port() + "/health/live"))
                    .build();
            assertThrows(
                    IOException.class,
                    () -> HttpClient.newHttpClient().send(plain, HttpResponse.BodyHandlers.discarding()));
            assertThrows(
                    IOException.class,
                    () -> HttpClient.newHttpClient().send(live, HttpResponse.BodyHandlers.discarding()));
        }
    }

    /** Java's client offers to go over to HTTP/2 in the clear; where that was accepted, some large answers never ended. */
    @Test
    void whoOffersToSpeakHttp2InTheClearIsAnsweredInFullAllTheSame() throws Exception {
        try (Tracker tracker = Tracker.start(config(folder.resolve("data"), null), InstantSource.system(), "test")) {
            for (int i = 0; i < CALLS; i++) {
                HttpResponse<String> meters = meters("http", HttpClient.newBuilder(), tracker);
                assertEquals(HttpClient.Version.HTTP_1_1, meters.version());
                assertTrue(meters.body().length() > LARGER_THAN_A_FRAME, "the answer is in parts");
            }
        }
    }

    /** Over a connection of its own. */
    private static HttpResponse<String> meters(String scheme, HttpClient.Builder client, Tracker tracker)
            throws Exception {
        return client.version(HttpClient.Version.HTTP_2)
                .build()
                .send(
                        HttpRequest.newBuilder(URI.create(scheme + "://127.0.0.1:" + tracker.port() + "/metrics"))
                                .timeout(Duration.ofSeconds(20))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void aFileThatIsNotThereIsSaidSoInWords() {
        TrackerConfig.Tls tls = new TrackerConfig.Tls(folder.resolve("none.pem"), folder.resolve("none.key"));
        IOException e = assertThrows(
                IOException.class,
                () -> Tracker.start(config(folder.resolve("data"), tls), InstantSource.system(), "test"));
        assertTrue(e.getMessage().contains("none.pem"), e.getMessage());
    }
}
