package dev.gleaner.deploy.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** What the demo asks the tracker as an operator. */
final class TrackerApi {
    private final URI base;
    private final Path token;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private final ObjectMapper json = new ObjectMapper();

    TrackerApi(URI base, Path token) {
        this.base = base;
        this.token = token;
    }

    JsonNode get(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(base.resolve(path))
                .timeout(Duration.ofSeconds(20))
                .header(
                        "Authorization",
                        "Bearer "
                                + (Files.exists(token) ? Files.readString(token).trim() : ""))
                .build();
        HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
        if (response.statusCode() != 200) {
            throw new IOException(path + " answers status " + response.statusCode());
        }
        return json.readTree(response.body());
    }

    /** Waits until the tracker is ready. */
    void awaitReady(Duration atMost) throws IOException, InterruptedException {
        long until = System.nanoTime() + atMost.toNanos();
        while (true) {
            try {
                get("/health/ready");
                return;
            } catch (IOException e) {
                if (System.nanoTime() > until) {
                    throw new IOException("the tracker does not get ready: " + e.getMessage(), e);
                }
                Thread.sleep(100);
            }
        }
    }

    JsonNode campaign(String name) throws IOException, InterruptedException {
        return get("/v1/campaigns/" + name);
    }

    JsonNode jobs(String state) throws IOException, InterruptedException {
        return get("/v1/operator/jobs?limit=1000" + (state.isEmpty() ? "" : "&state=" + state))
                .path("jobs");
    }
}
