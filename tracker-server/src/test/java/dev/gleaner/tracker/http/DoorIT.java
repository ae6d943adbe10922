package dev.gleaner.tracker.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.tracker.Tracker;
import dev.gleaner.tracker.TrackerConfig;
import dev.gleaner.tracker.service.Tokens;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Who gets in, and what for. The tracker trusts a proxy on this machine, so that calls can come from anywhere. */
class DoorIT extends ApiHarness {
    private static final String ROOT = "/v1/operator";

    @Override
    Tracker startTracker() throws Exception {
        TrackerConfig plain = TrackerConfig.embedded("127.0.0.1", 0, folder.resolve("data"), LEASES);
        TrackerConfig behindProxy = new TrackerConfig(
                plain.host(),
                plain.port(),
                plain.data(),
                plain.leases(),
                plain.ledger(),
                plain.objects(),
                null,
                List.of("127.0.0.0/8", "10.1.0.0/16"),
                null);
        return Tracker.start(behindProxy, InstantSource.system(), "test");
    }

    private static Map<String, Object> newcomer(String invitation) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("nickname", "ada");
        body.put("agent", "test/1");
        body.put("capabilities", Map.of("cpus", 2, "memoryMiB", 512, "providers", List.of("cpu"), "os", "linux"));
        body.put("invitation", invitation);
        return body;
    }

    /** A call as the proxy passes it on. */
    private HttpResponse<String> from(String forwardedFor, String path, Object body, String token) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + tracker.port() + path))
                .header("X-Forwarded-For", forwardedFor)
                .header("Authorization", "Bearer " + token)
                .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private void enrolment(String mode, int perAddress) throws Exception {
        Map<String, Object> rules = Map.of("mode", mode, "workersPerAddressPerDay", perAddress);
        assertEquals(200, post(ROOT + "/enrolment", rules, operator).status());
    }

    private JsonNode invite(int uses) throws Exception {
        return post(ROOT + "/invitations", Map.of("note", "the lab", "uses", uses, "days", 0), operator)
                .body();
    }

    private Answer ask() throws Exception {
        return post("/v1/leases", Map.of("request", "r", "max", 1, "waitSeconds", 0), worker);
    }

    @Test
    void byInvitationNobodyElseGetsInAndACodeIsUsedUp() throws Exception {
        enrolment("INVITATION", 0);
        assertEquals(
                "invitation-invalid", post("/v1/workers", newcomer(null), "").code());
        assertEquals(
                "invitation-invalid",
                post("/v1/workers", newcomer(Tokens.make()), "").code());
        JsonNode invitation = invite(2);
        String code = invitation.path("code").asText();
        assertEquals(200, post("/v1/workers", newcomer(code), "").status());
        assertEquals(200, post("/v1/workers", newcomer(code), "").status());
        assertEquals(
                "invitation-invalid", post("/v1/workers", newcomer(code), "").code());
        JsonNode listed =
                get(ROOT + "/invitations", operator).body().path("invitations").path(0);
        assertEquals("used up", listed.path("state").asText());
        assertEquals(
                invitation.path("id").asText(),
                get(ROOT + "/workers", operator)
                        .body()
                        .path("workers")
                        .path(0)
                        .path("invitation")
                        .asText());
        assertFalse(
                get(ROOT + "/audit", operator).body().toString().contains(code), "a code stands nowhere in the trail");
    }

    @Test
    void aWithdrawnInvitationLetsNobodyInAndThoseWhoCameStay() throws Exception {
        JsonNode invitation = invite(0);
        String code = invitation.path("code").asText();
        worker = post("/v1/workers", newcomer(code), "").body().path("token").asText();
        post(ROOT + "/invitations/" + invitation.path("id").asText() + "/withdraw", Map.of(), operator);
        assertEquals(
                "invitation-invalid", post("/v1/workers", newcomer(code), "").code());
        assertEquals(200, ask().status());
        assertEquals(
                "unknown-invitation",
                post(ROOT + "/invitations/none/withdraw", Map.of(), operator).code());
    }

    @Test
    void whoNeedsApprovalWaitsIsToldSoAndWorksOnceAdmitted() throws Exception {
        enrolment("APPROVAL", 0);
        JsonNode registered = post("/v1/workers", newcomer(null), "").body();
        assertTrue(registered.path("waiting").asBoolean());
        worker = registered.path("token").asText();
        Answer early = ask();
        assertEquals("approval-pending", early.code());
        assertEquals("retry", early.body().path("action").asText());
        String id = registered.path("worker").asText();
        assertTrue(cli(0, "worker", "list").contains("WAITS"));
        assertTrue(cli(0, "worker", "admit", id).contains("is in"));
        assertEquals(200, ask().status());
        assertFalse(post("/v1/workers", newcomer(invite(1).path("code").asText()), "")
                .body()
                .path("waiting")
                .asBoolean());
    }

    @Test
    void oneAddressMakesSoManyWorkersADay() throws Exception {
        enrolment("OPEN", 2);
        for (int i = 0; i < 2; i++) {
            assertEquals(
                    200, from("192.0.2.7", "/v1/workers", newcomer(null), "").statusCode());
        }
        HttpResponse<String> third = from("192.0.2.7", "/v1/workers", newcomer(null), "");
        assertEquals(429, third.statusCode());
        assertTrue(third.headers().firstValue("Retry-After").isPresent());
        assertEquals(200, from("192.0.2.8", "/v1/workers", newcomer(null), "").statusCode());
        assertEquals(
                429,
                from("1.2.3.4, 192.0.2.7, 10.1.2.3", "/v1/workers", newcomer(null), "")
                        .statusCode(),
                "behind two proxies, and what the client itself made up does not count");
        for (int i = 0; i < 3; i++) {
            int status = from("2001:db8:1:22" + i + "::" + i, "/v1/workers", newcomer(null), "")
                    .statusCode();
            assertEquals(i < 2 ? 200 : 429, status, "one household has many IPv6 addresses");
        }
        for (int i = 0; i < 3; i++) {
            assertEquals(200, post("/v1/workers", newcomer(null), "").status(), "this machine is not counted");
        }
    }

    @Test
    void workersOfOneAddressShareItsLeases() throws Exception {
        String bundle = uploadBundle();
        post(ROOT + "/campaigns", campaign("c", bundle, List.of("a", "b", "c")), operator);
        Map<String, Object> limits =
                Map.of("leasesPerWorker", 0, "leasesPerAddress", 3, "leasesPerInvitation", 0, "jobsPerDay", 0);
        post(ROOT + "/limits", limits, operator);
        int leases = 0;
        String said = "";
        for (int i = 0; i < 3; i++) {
            String token = JSON.readTree(
                            from("192.0.2.9", "/v1/workers", newcomer(null), "").body())
                    .path("token")
                    .asText();
            JsonNode answer = JSON.readTree(
                    from("192.0.2.9", "/v1/leases", Map.of("request", "r", "max", 2, "waitSeconds", 0), token)
                            .body());
            leases += answer.path("leases").size();
            said = answer.path("idle").asText();
        }
        assertEquals(3, leases);
        assertTrue(said.contains("this address"), said);
    }

    @Test
    void aViewerSeesEverythingAndChangesNothing() throws Exception {
        String viewer = cli(0, "key", "create", "eve", "--role", "viewer").strip();
        assertEquals(200, get(ROOT + "/workers", viewer).status());
        assertEquals(200, get(ROOT + "/keys", viewer).status());
        assertEquals(
                "forbidden", post(ROOT + "/campaigns/c/pause", Map.of(), viewer).code());
        assertEquals(
                "forbidden",
                call("PUT", ROOT + "/bundles/" + "a".repeat(64) + "/x", new byte[] {1}, viewer, "1")
                        .code());
        assertEquals("unauthorized", ask().code());
        register();
        assertEquals(
                "forbidden", get(ROOT + "/workers", worker).code(), "a worker's token opens nothing of the operators'");
        assertEquals(
                "unauthorized",
                post("/v1/leases", Map.of("request", "r", "max", 1, "waitSeconds", 0), viewer)
                        .code());
    }

    @Test
    void anOperatorsKeyStandsInTheAuditTrailIsRotatedAndRevoked() throws Exception {
        String fred = cli(0, "key", "create", "fred").strip();
        String id = get(ROOT + "/keys", operator)
                .body()
                .path("keys")
                .path(0)
                .path("id")
                .asText();
        Path file = folder.resolve("fred");
        Files.writeString(file, fred);
        post(ROOT + "/limits", get(ROOT + "/limits", fred).body(), fred);
        JsonNode line =
                get(ROOT + "/audit?limit=1", operator).body().path("audit").path(0);
        assertEquals("operator fred", line.path("actor").asText());
        String second = cli(0, "key", "rotate", id).strip();
        assertEquals("unauthorized", get(ROOT + "/keys", fred).code());
        assertEquals(200, get(ROOT + "/keys", second).status());
        assertTrue(cli(0, "key", "revoke", id).contains("revoked"));
        assertEquals("unauthorized", get(ROOT + "/keys", second).code());
        cli(69, "key", "rotate", id);
        assertFalse(get(ROOT + "/audit", operator).body().toString().contains(second));
    }

    @Test
    void aWorkerChangesItsTokenAndTheOldOneIsVoid() throws Exception {
        register();
        String old = worker;
        String fresh = Tokens.make();
        assertEquals(
                200,
                post("/v1/workers/token", Map.of("tokenHash", Tokens.hash(fresh)), old)
                        .status());
        assertEquals("unauthorized", ask().code());
        worker = fresh;
        assertEquals(200, ask().status());
        assertEquals(
                200,
                post("/v1/workers/token", Map.of("tokenHash", Tokens.hash(fresh)), fresh)
                        .status(),
                "a call that may have got through is repeated");
        assertEquals(
                "malformed-request",
                post("/v1/workers/token", Map.of("tokenHash", fresh + "x"), fresh)
                        .code());
    }

    @Test
    void settingsAreShownAndChangedByTheCommandLine() throws Exception {
        assertTrue(cli(0, "limits", "show").contains("2000 jobs a day"));
        assertTrue(cli(0, "limits", "set", "--jobs-per-day", "0", "--per-worker", "5")
                .contains("5 per worker, 1024 per address, any number per invitation; any number jobs a day"));
        assertTrue(cli(0, "enrolment", "set", "--mode", "approval").contains("mode approval, 200 new"));
        cli(65, "enrolment", "set", "--mode", "whatever");
        cli(65, "limits", "set", "--per-worker", "-1");
        String code = cli(0, "invitation", "create", "the lab", "--uses", "3").strip();
        assertEquals(64, code.length());
        String listed = cli(0, "invitation", "list");
        assertTrue(listed.contains("the lab") && !listed.contains(code), listed);
        String id = listed.lines().skip(1).findFirst().orElseThrow().split(" ", 2)[0];
        assertTrue(cli(0, "invitation", "withdraw", id).contains("withdrawn"));
        cli(69, "invitation", "withdraw", "none/../x");
    }
}
