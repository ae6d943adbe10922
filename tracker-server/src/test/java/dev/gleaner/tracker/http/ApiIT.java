package dev.gleaner.tracker.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.protocol.lease.Marks;
import dev.gleaner.tracker.service.Tokens;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A running tracker over real HTTP; every exchange must fit the OpenAPI file, and every operation of the file must answer. */
@Tag("jdk")
class ApiIT extends ApiHarness {
    @Test
    void everyOperationAnswersAsTheFileSays() throws Exception {
        assertEquals(1, get("/v1", "").body().path("protocol").asInt());
        assertEquals(200, get("/health/live", "").status());
        assertEquals(200, get("/health/ready", "").status());
        assertEquals(200, get("/metrics", "").status());
        String bundle = uploadBundle();
        assertTrue(post("/v1/operator/campaigns", campaign("c1", bundle, List.of("a.wat.gz", "b.wat.gz")), operator)
                .body()
                .path("created")
                .asBoolean());
        assertFalse(post("/v1/operator/campaigns", campaign("c1", bundle, List.of("a.wat.gz", "b.wat.gz")), operator)
                .body()
                .path("created")
                .asBoolean());
        assertEquals(
                "paused",
                post("/v1/operator/campaigns/c1/pause", Map.of(), operator)
                        .body()
                        .path("state")
                        .asText());
        register();
        Answer none = post("/v1/leases", Map.of("request", "r0", "max", 1, "waitSeconds", 0), worker);
        assertEquals("no campaign is active", none.body().path("idle").asText());
        assertEquals(
                "active",
                post("/v1/operator/campaigns/c1/resume", Map.of(), operator)
                        .body()
                        .path("state")
                        .asText());
        assertEquals(200, get("/v1/bundles/" + bundle + "/tokenizer.json", "").status());

        JsonNode first = acquire("r1");
        assertEquals(first, acquire("r1"), "a retry brings the same lease");
        Map<String, Object> beat = Map.of(
                "job",
                first.path("job").asLong(),
                "token",
                first.path("token").asText(),
                "stage",
                "fetch",
                "candidates",
                1,
                "finished",
                0,
                "kept",
                0);
        assertEquals(
                "CONTINUE",
                post("/v1/heartbeats", Map.of("leases", List.of(beat)), worker)
                        .body()
                        .path("leases")
                        .path(0)
                        .path("verdict")
                        .asText());
        assertEquals(
                "ACCEPTED",
                post(path(first, "submit"), manifest(bundle, List.of(), 0), worker)
                        .body()
                        .path("outcome")
                        .asText());
        assertEquals(
                "ACCEPTED",
                post(path(first, "submit"), manifest(bundle, List.of(), 0), worker)
                        .body()
                        .path("outcome")
                        .asText());
        Map<String, Object> other = new LinkedHashMap<>(manifest(bundle, List.of(), 0));
        other.put("seconds", 9.0);
        assertEquals(
                "result-conflict", post(path(first, "submit"), other, worker).code());

        JsonNode second = acquire("r2");
        byte[] junk = "this is no parquet".getBytes(StandardCharsets.UTF_8);
        Map<String, Object> object = Map.of(
                "name",
                "shard-0.parquet",
                "bytes",
                junk.length,
                "sha256",
                Tokens.hash("this is no parquet"),
                "rows",
                1);
        JsonNode ticket = post(path(second, "tickets"), Map.of("objects", List.of(object)), worker)
                .body()
                .path("tickets")
                .path(0);
        assertEquals(
                "upload-mismatch",
                call("PUT", ticket.path("url").asText(), "this is no parquex".getBytes(StandardCharsets.UTF_8), "", "")
                        .code());
        assertEquals(
                "upload-mismatch",
                call("PUT", ticket.path("url").asText(), "short".getBytes(StandardCharsets.UTF_8), "", "")
                        .code());
        assertEquals(
                "ticket-invalid",
                call(
                                "PUT",
                                ticket.path("url").asText().replace("bytes=" + junk.length, "bytes=5"),
                                "short".getBytes(StandardCharsets.UTF_8),
                                "",
                                "")
                        .code());
        assertEquals(200, call("PUT", ticket.path("url").asText(), junk, "", "").status());
        Answer rejected = post(path(second, "submit"), manifest(bundle, List.of(object), 1), worker);
        assertEquals("REJECTED", rejected.body().path("outcome").asText());
        assertTrue(
                rejected.body().path("reason").asText().contains("not readable Parquet"),
                rejected.body().toString());

        JsonNode third = acquire("r3");
        assertEquals(
                200,
                post(path(third, "release"), Map.of("reason", "bye"), worker).status());
        assertEquals(
                200,
                post(path(third, "release"), Map.of("reason", "bye"), worker).status());
        JsonNode fourth = acquire("r4");
        assertEquals(
                200,
                post(path(fourth, "fail"), Map.of("failure", "INPUT", "message", "404"), worker)
                        .status());
        assertEquals(
                "lease-lost",
                post(path(fourth, "tickets"), Map.of("objects", List.of(object)), worker)
                        .code());

        everybody(first);
        assertEquals(
                -3,
                post("/v1/operator/campaigns/c1/priority", Map.of("priority", -3), operator)
                        .body()
                        .path("priority")
                        .asInt());
        assertEquals(
                2,
                get("/v1/campaigns/c1", "")
                        .body()
                        .path("accepted")
                        .path("images")
                        .asInt());
        assertEquals(1, get("/v1/campaigns", "").body().path("campaigns").size());
        aPolicyChangesForJobsThatNobodyHad();
        operatorsSayHowResultsAreComparedAndWhoIsBelieved();
        long failed = fourth.path("job").asLong();
        assertEquals(
                "INPUT: 404",
                get("/v1/operator/jobs/" + failed, operator)
                        .body()
                        .path("attempts")
                        .path(0)
                        .path("detail")
                        .asText());
        assertEquals(
                "quarantined",
                post("/v1/operator/jobs/" + failed + "/quarantine", Map.of("reason", "odd"), operator)
                        .body()
                        .path("state")
                        .asText());
        assertEquals(
                1,
                get("/v1/operator/jobs?state=quarantined&campaign=c1", operator)
                        .body()
                        .path("jobs")
                        .size());
        assertEquals(
                "changed",
                move("requeue", failed, "open").path(0).path("outcome").asText(),
                "it is no longer as it was seen");
        assertEquals(
                "done",
                move("requeue", failed, "quarantined").path(0).path("outcome").asText());
        assertEquals(
                "done",
                move("quarantine", failed, "open").path(0).path("outcome").asText());
        assertEquals(
                "open",
                post("/v1/operator/jobs/" + failed + "/requeue", Map.of("reason", "mended"), operator)
                        .body()
                        .path("state")
                        .asText());
        String id = get("/v1/operator/workers", operator)
                .body()
                .path("workers")
                .path(0)
                .path("worker")
                .asText();
        assertEquals(
                1,
                get("/v1/operator/workers?text=ADA&state=idle&order=agent&limit=5", operator)
                        .body()
                        .path("matched")
                        .asInt());
        assertEquals(
                0,
                get("/v1/operator/workers?state=banned", operator)
                        .body()
                        .path("workers")
                        .size());
        assertEquals(
                "malformed-request",
                get("/v1/operator/workers?state=odd", operator).code());
        JsonNode about = get("/v1/operator/workers/" + id, operator).body();
        assertEquals(512, about.path("capabilities").path("memoryMiB").asInt(), about.toString());
        assertEquals(1, about.path("days").path(0).path("accepted").asInt());
        assertEquals(
                "unknown-worker", get("/v1/operator/workers/nobody", operator).code());
        leases();
        directed(id);
        saysOfItself(id);
        release();
        releases();
        stages(bundle);
        sites();
        door(id);
        acquire("r5");
        assertTrue(post("/v1/operator/workers/" + id + "/ban", Map.of(), operator)
                .body()
                .path("banned")
                .asBoolean());
        assertEquals(
                "banned",
                post("/v1/leases", Map.of("request", "r6", "max", 1, "waitSeconds", 0), worker)
                        .code());
        assertFalse(post("/v1/operator/workers/" + id + "/unban", Map.of(), operator)
                .body()
                .path("banned")
                .asBoolean());

        assertEquals(200, get("/v1/operator/audit", operator).status());
        assertEquals(200, get("/v1/operator/lease-times", operator).status());
        assertEquals(
                200,
                post("/v1/operator/lease-times", Map.of("ttl", 90, "hardCap", 900, "heartbeat", 15), operator)
                        .status());
        assertEquals(
                200,
                post("/v1/operator/objects/collect", Map.of("delete", false, "olderThanHours", 48), operator)
                        .status());

        whoLeavesOutMoreAsKnownThanItWasToldIsRefused(bundle);
        whatIsSignedOnceMustBeSignedFromThenOn(bundle);
        Set<String> answered = new TreeSet<>(api.seen());
        answered.add("get /v1/objects/{key}"); // No accepted object is there; workers fetch some in TwoStagesIT.
        answered.add("post /v1/releases/{name}/search"); // It takes the worker's program, as PagesIT has it.
        assertEquals(api.operations(), answered, "operations of the file that were never answered");
    }

    private JsonNode move(String how, long job, String state) throws Exception {
        return post(
                        "/v1/operator/jobs/" + how,
                        Map.of("jobs", List.of(job), "state", state, "reason", "tried"),
                        operator)
                .body()
                .path("jobs");
    }

    /** What everybody may see, with one job done. */
    private void operatorsSayHowResultsAreComparedAndWhoIsBelieved() throws Exception {
        Map<String, Object> rule = Map.of(
                "provenAfter", 5, "leastChecked", 0.1, "scoreTolerance", 0.01, "leastShared", 0.8, "mostResults", 5);
        Answer compared = post("/v1/operator/campaigns/c1/replication", Map.of("replication", rule), operator);
        assertEquals(
                0.8, compared.body().path("replication").path("leastShared").asDouble());
        Map<String, Object> wrong = new LinkedHashMap<>(rule);
        wrong.put("leastShared", 0.2);
        Answer refused = post("/v1/operator/campaigns/c1/replication", Map.of("replication", wrong), operator);
        assertTrue(refused.body().path("detail").asText().contains("leastShared must be 0.5 to 1"));
        assertEquals(
                404,
                post("/v1/operator/campaigns/none/replication", Map.of("replication", rule), operator)
                        .status());
        String id = get("/v1/operator/workers", operator)
                .body()
                .path("workers")
                .path(0)
                .path("worker")
                .asText();
        Answer convicted = post("/v1/operator/workers/" + id + "/convict", Map.of(), operator);
        assertEquals(200, convicted.status(), convicted.body().toString());
        assertEquals(
                409,
                post("/v1/operator/workers/" + id + "/convict", Map.of(), operator)
                        .status());
        assertEquals(
                200,
                post("/v1/operator/workers/" + id + "/pardon", Map.of(), operator)
                        .status());
        assertEquals(
                404,
                post("/v1/operator/workers/nobody/pardon", Map.of(), operator).status());
        Map<String, Object> none = new LinkedHashMap<>();
        none.put("replication", null);
        assertTrue(post("/v1/operator/campaigns/c1/replication", none, operator)
                .body()
                .path("replication")
                .isNull());
    }

    /** Of a campaign whose one result has no pairs: an empty release is one, too. */
    private void releases() throws Exception {
        assertEquals(0, get("/v1/releases", "").body().path("releases").size());
        Map<String, Object> wish = Map.of("campaign", "c1", "preset", "laion-400m", "rowsPerFile", 1000);
        assertEquals(
                "c1-laion-400m-v1",
                post("/v1/operator/releases", wish, operator)
                        .body()
                        .path("name")
                        .asText());
        assertEquals(
                "malformed-request",
                post("/v1/operator/releases", Map.of("campaign", "c1", "preset", "none", "rowsPerFile", 1000), operator)
                        .code());
        Answer release = get("/v1/releases/c1-laion-400m-v1", "");
        for (int i = 0;
                i < 300 && !release.body().path("state").asText().equals("published");
                i++, release = get("/v1/releases/c1-laion-400m-v1", "")) {
            Thread.sleep(100);
        }
        assertEquals(
                "published",
                release.body().path("state").asText(),
                release.body().toString());
        assertEquals(
                302, get("/v1/releases/c1-laion-400m-v1/files/readme.md", "").status());
        assertEquals(
                302,
                get("/v1/releases/c1-laion-400m-v1/files/manifest.json", "").status());
        assertEquals(
                "not-found", get("/v1/releases/c1-laion-400m-v1/files/none", "").code());
        assertTrue(
                get("/v1/releases/c1-laion-400m-v1", "").body().path("removals").isNull());
        assertEquals(
                "removals-1.csv",
                post("/v1/operator/releases/c1-laion-400m-v1/removals", Map.of(), operator)
                        .body()
                        .path("file")
                        .asText());
        assertEquals(
                302,
                get("/v1/releases/c1-laion-400m-v1/files/removals-1.csv", "").status());
        assertEquals(
                "not-found",
                get("/v1/releases/c1-laion-400m-v1/files/removals-2.csv", "").code());
        assertEquals("not-found", get("/v1/releases/none", "").code());
        String search = "/v1/releases/c1-laion-400m-v1/search";
        for (int i = 0; i < 100 && get(search + "?q=words", "").status() != 200; i++) {
            Thread.sleep(100);
        }
        assertEquals(
                0,
                get(search + "?by=domain&q=example.org", "")
                        .body()
                        .path("pairs")
                        .asInt());
        assertEquals("malformed-request", get(search + "?q=", "").code());
        assertEquals("malformed-request", get(search + "?by=odd&q=x", "").code());
        assertFalse(get("/v1/releases", "").body().path("meanings").asBoolean(true));
        assertEquals("not-found", get(search + "?by=meaning&q=x", "").code(), "this tracker has no encoder");
        assertEquals("not-found", call("POST", search, new byte[] {1}, "", "").code());
        String subset = "/v1/releases/c1-laion-400m-v1/subset";
        assertEquals(200, get(subset + "?by=domain&q=example.org", "").status());
        assertEquals("malformed-request", get(subset + "?by=odd&q=x", "").code());

        Map<String, Object> asked = Map.of("kind", "domain", "value", "Example.org", "contact", "me@example.org");
        assertEquals(200, post("/v1/opt-outs", asked, "").status());
        assertEquals(
                "malformed-request",
                post("/v1/opt-outs", Map.of("kind", "image", "value", "x"), "").code());
        JsonNode waiting =
                get("/v1/operator/opt-outs", operator).body().path("optOuts").path(0);
        assertEquals("asked", waiting.path("state").asText());
        assertEquals("example.org", waiting.path("value").asText());
        Map<String, Object> decided = Map.of("kind", "domain", "value", "example.org", "state", "honoured");
        assertEquals(200, post("/v1/operator/opt-outs", decided, operator).status());
        assertEquals(200, post("/v1/opt-outs", asked, "").status());
        assertEquals(
                "honoured",
                get("/v1/operator/opt-outs", operator)
                        .body()
                        .path("optOuts")
                        .path(0)
                        .path("state")
                        .asText(),
                "asking again undoes nothing");
        Map<String, Object> list =
                Map.of("kind", "image", "values", List.of("A".repeat(32), "b".repeat(64)), "reason", "known to be bad");
        assertEquals(
                2,
                post("/v1/operator/opt-outs/list", list, operator)
                        .body()
                        .path("added")
                        .asInt());
        assertEquals(
                0,
                post("/v1/operator/opt-outs/list", list, operator)
                        .body()
                        .path("added")
                        .asInt());
        assertEquals(
                "malformed-request",
                post("/v1/operator/opt-outs/list", Map.of("kind", "image", "values", List.of("x")), operator)
                        .code());
        whatIsLeftOutIsToldToWorkers();
        Map<String, Object> forgotten = Map.of("kind", "domain", "value", "example.org");
        assertEquals(
                200, post("/v1/operator/opt-outs/forget", forgotten, operator).status());
        assertEquals(
                "not-found",
                post("/v1/operator/opt-outs/forget", forgotten, operator).code());
    }

    private void whatIsLeftOutIsToldToWorkers() throws Exception {
        JsonNode lease = null;
        for (int tries = 0;
                tries < 100 && (lease == null || !lease.path("screen").asBoolean());
                tries++) {
            Thread.sleep(50); // A tracker looks what is to be left out on a thread of its own.
            if (lease != null) {
                post(path(lease, "release"), Map.of("reason", "it was too early"), worker);
            }
            lease = acquire("screen-" + tries);
        }
        Map<String, Object> asked = new LinkedHashMap<>();
        asked.put("links", Marks.bytes(1, 2, 3));
        asked.put("sites", Marks.bytes(Marks.of("example.net"), Marks.of("example.org")));
        asked.put("pages", Marks.bytes(Marks.of("https://example.org/")));
        asked.put(
                "pictures",
                Marks.bytes(7, 8, 9, 10, 11, Marks.ofDigest("b".repeat(64)), Marks.ofDigest("a".repeat(32)), 12, 13));
        JsonNode told = post(path(lease, "screen"), asked, worker).body();
        assertEquals("[]", told.path("links").toString());
        assertEquals("[1]", told.path("sites").toString());
        assertEquals("[]", told.path("pages").toString());
        assertEquals("[1,2]", told.path("pictures").toString());
        assertEquals("[]", told.path("known").toString());
        asked.put("links", Marks.bytes(1, 2));
        assertEquals(
                "malformed-request", post(path(lease, "screen"), asked, worker).code());
        post(path(lease, "release"), Map.of("reason", "done"), worker);
        assertEquals(
                "lease-lost",
                post("/v1/leases/1/0123456789abcdef-1/screen", told(asked), worker)
                        .code());
    }

    private static Map<String, Object> told(Map<String, Object> asked) {
        Map<String, Object> good = new LinkedHashMap<>(asked);
        good.put("links", new byte[0]);
        return good;
    }

    private Map<String, Object> signed(
            KeyPair key, Map<String, Object> campaign, List<String> signedPaths, String until) throws Exception {
        @SuppressWarnings("unchecked")
        Map<String, Object> spec = new LinkedHashMap<>((Map<String, Object>) campaign.get("spec"));
        byte[] paths = (String.join("\n", signedPaths) + "\n").getBytes(StandardCharsets.UTF_8);
        Charter charter = new Charter(
                Charter.KIND,
                spec.get("name").toString(),
                spec.get("base").toString(),
                2,
                Stage.WHOLE,
                spec.get("bundle").toString(),
                (Policy) spec.get("policy"),
                until,
                Base64.getEncoder().encodeToString(key.getPublic().getEncoded()),
                Map.of(
                        Charter.PATHS,
                        new Charter.File(paths.length, Tokens.hash(new String(paths, StandardCharsets.UTF_8)))));
        byte[] bytes = JSON.writeValueAsBytes(charter);
        String id = Tokens.hash(new String(bytes, StandardCharsets.UTF_8));
        for (Map.Entry<String, byte[]> file :
                new java.util.TreeMap<>(Map.of("bundle.json", bytes, Charter.PATHS, paths)).entrySet()) {
            assertEquals(
                    200,
                    call("PUT", "/v1/operator/bundles/" + id + "/" + file.getKey(), file.getValue(), operator, "1")
                            .status());
        }
        Signature signature = Signature.getInstance("Ed25519");
        signature.initSign(key.getPrivate());
        signature.update(bytes);
        spec.put("charter", Map.of("id", id, "signature", Base64.getEncoder().encodeToString(signature.sign())));
        return Map.of("spec", spec, "paths", campaign.get("paths"));
    }

    private void whoLeavesOutMoreAsKnownThanItWasToldIsRefused(String bundle) throws Exception {
        JsonNode lease = acquire("known");
        Map<String, Object> lazy = new LinkedHashMap<>(manifest(bundle, List.of(), 0));
        @SuppressWarnings("unchecked")
        Map<String, Object> counts = new LinkedHashMap<>((Map<String, Object>) lazy.get("counts"));
        counts.put("candidates", 1);
        counts.put("extractDrops", Map.of("no_text", 1));
        counts.put("pairDrops", Map.of("known", 1));
        lazy.put("counts", counts);
        JsonNode verdict = post(path(lease, "submit"), lazy, worker).body();
        assertEquals("REJECTED", verdict.path("outcome").asText(), verdict.toString());
        assertTrue(verdict.path("reason").asText().contains("dropped as known"), verdict.toString());
    }

    private void whatIsSignedOnceMustBeSignedFromThenOn(String bundle) throws Exception {
        KeyPair key = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        KeyPair other = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        Map<String, Object> plain = campaign("signed", bundle, List.of("s.wat.gz"));
        assertTrue(get("/v1", "").body().path("campaignKey").isNull());
        assertEquals(
                "state-conflict",
                post(
                                "/v1/operator/campaigns",
                                signed(key, plain, List.of("t.wat.gz"), "2100-01-01T00:00:00Z"),
                                operator)
                        .code(),
                "another list of WATs was signed");
        Map<String, Object> clash = campaign("c1", bundle, List.of("s.wat.gz"));
        assertEquals(
                "campaign-conflict",
                post(
                                "/v1/operator/campaigns",
                                signed(other, clash, List.of("s.wat.gz"), "2100-01-01T00:00:00Z"),
                                operator)
                        .code());
        assertTrue(get("/v1", "").body().path("campaignKey").isNull(), "what was refused binds nobody to its key");
        Map<String, Object> good = signed(key, plain, List.of("s.wat.gz"), "2100-01-01T00:00:00Z");
        assertTrue(post("/v1/operator/campaigns", good, operator)
                .body()
                .path("created")
                .asBoolean());
        assertEquals(
                Base64.getEncoder().encodeToString(key.getPublic().getEncoded()),
                get("/v1", "").body().path("campaignKey").asText());
        assertEquals(
                200,
                post("/v1/operator/campaigns/signed/priority", Map.of("priority", 9), operator)
                        .status());
        JsonNode lease = acquire("signed");
        JsonNode charter = JSON.valueToTree(((Map<?, ?>) good.get("spec")).get("charter"));
        assertEquals(charter, lease.path("charter"));
        assertEquals(
                charter,
                get("/v1/campaigns/signed/policies", "")
                        .body()
                        .path("policies")
                        .path(0)
                        .path("charter"));
        post(path(lease, "release"), Map.of("reason", "done"), worker);
        assertEquals(
                "state-conflict",
                post("/v1/operator/campaigns", campaign("unsigned", bundle, List.of("u.wat.gz")), operator)
                        .code());
        Map<String, Object> stranger = signed(
                other, campaign("other", bundle, List.of("o.wat.gz")), List.of("o.wat.gz"), "2100-01-01T00:00:00Z");
        assertEquals(
                "state-conflict",
                post("/v1/operator/campaigns", stranger, operator).code());
        Map<String, Object> change = Map.of("from", 1, "policy", Policy.laion400m(), "reason", "why not");
        assertEquals(
                "state-conflict",
                post("/v1/operator/campaigns/signed/policy", change, operator).code());
        Map<String, Object> renewal = Map.of("version", 1, "charter", charter);
        assertEquals(
                200,
                post("/v1/operator/campaigns/signed/sign", renewal, operator).status());
        String soon = Instant.now().plus(Duration.ofDays(3)).toString();
        Map<String, Object> shorter = signed(key, plain, List.of("s.wat.gz"), soon);
        assertEquals(
                200,
                post(
                                "/v1/operator/campaigns/signed/sign",
                                Map.of("version", 1, "charter", ((Map<?, ?>) shorter.get("spec")).get("charter")),
                                operator)
                        .status());
        Thread.sleep(2_100); // Those who look at what needs attention share one look for so long.
        assertTrue(get("/v1/operator/attention", operator).body().toString().contains("is good until " + soon));
        assertEquals(
                "state-conflict",
                post("/v1/operator/campaigns/c1/sign", renewal, operator).code(),
                "what was signed is another campaign");
        assertTrue(get("/v1/operator/bundles", operator).body().toString().contains(bundle));
        assertFalse(
                get("/v1/operator/bundles", operator)
                        .body()
                        .toString()
                        .contains(charter.path("id").asText()),
                "a charter is no model");
    }

    private void aPolicyChangesForJobsThatNobodyHad() throws Exception {
        JsonNode versions = get("/v1/campaigns/c1/policies", "").body().path("policies");
        assertEquals("as made", versions.path(0).path("reason").asText());
        ObjectNode policy = versions.path(0).path("policy").deepCopy();
        policy.put("threshold", 0.28);
        Map<String, Object> wish = Map.of("from", 1, "policy", policy, "reason", "0.3 was too much");
        Answer changed = post("/v1/operator/campaigns/c1/policy", wish, operator);
        assertEquals(2, changed.body().path("policyVersion").asInt());
        assertEquals(0.28, changed.body().path("threshold").asDouble());
        assertEquals(
                "state-conflict",
                post("/v1/operator/campaigns/c1/policy", wish, operator).code());
        JsonNode both = get("/v1/campaigns/c1/policies", "").body().path("policies");
        assertEquals(2, both.size());
        assertEquals("0.3 was too much", both.path(0).path("reason").asText());
        assertEquals(0.3, both.path(1).path("policy").path("threshold").asDouble());
        assertEquals(404, get("/v1/campaigns/none/policies", "").status());
        assertEquals(404, get("/v1/campaigns/none/chain", "").status());
        assertEquals(
                "malformed-request", get("/v1/campaigns/c1/chain?limit=0", "").code());
        assertTrue(get("/v1/campaigns/c1/chain", "").body().path("links").isArray());
    }

    private void everybody(JsonNode done) throws Exception {
        JsonNode overview = get("/v1/overview", "").body();
        JsonNode campaign = overview.path("campaigns").path(0);
        assertEquals(1, campaign.path("status").path("jobs").path("done").asInt(), campaign.toString());
        assertEquals("running", campaign.path("forecast").path("state").asText());
        assertEquals(1, overview.path("crowd").path("workers").asInt());
        assertEquals(
                1,
                get("/v1/campaigns/c1/series?span=hour", "")
                        .body()
                        .path("points")
                        .path(0)
                        .path("jobs")
                        .asInt());
        assertEquals(
                "malformed-request", get("/v1/campaigns/c1/series?span=x", "").code());
        assertEquals(5, get("/v1/campaigns/c1/profile", "").body().size());
        assertEquals(
                0.3, get("/v1/campaigns/c1/policy", "").body().path("threshold").asDouble());
        assertEquals("unknown-campaign", get("/v1/campaigns/none/policy", "").code());
        assertEquals("unknown-campaign", get("/v1/campaigns/none/profile", "").code());
        assertEquals(
                0, get("/v1/campaigns/c1/samples", "").body().path("samples").size());
        assertEquals(4, get("/v1/campaigns/c1/field", "").body().path("jobs").asInt());
        assertEquals(200, get("/v1/campaigns/c1/field/0/0", "").status());
        assertEquals("not-found", get("/v1/campaigns/c1/field/0/1", "").code());
        int place = done.path("job").asInt() - 1;
        assertEquals(
                "done",
                get("/v1/campaigns/c1/jobs/" + place, "").body().path("state").asText());
        assertEquals(
                "ada",
                get("/v1/leaders?day=today", "")
                        .body()
                        .path("leaders")
                        .path(0)
                        .path("name")
                        .asText());
        assertEquals("malformed-request", get("/v1/leaders?by=x", "").code());
        assertEquals(
                1, get("/v1/volunteer?name=ada", "").body().path("accepted").asInt());
        assertEquals("not-found", get("/v1/volunteer?name=nobody", "").code());
        assertEquals(200, get("/v1/volunteer/badge.svg?name=ada", "").status());
        assertEquals(200, get("/v1/default-policy", "").status());
        assertEquals(
                "test/1",
                get("/v1/versions", "")
                        .body()
                        .path("versions")
                        .path(0)
                        .path("agent")
                        .asText());
        events();
        assertEquals(
                "operator", get("/v1/operator/me", operator).body().path("role").asText());
        assertEquals(
                1, get("/v1/operator/bundles", operator).body().path("bundles").size());
        assertEquals(
                2,
                get("/v1/operator/jobs/" + done.path("job").asLong() + "/attempts/1", operator)
                        .body()
                        .path("counts")
                        .path("images")
                        .asInt());
        assertEquals(
                "not-found",
                get("/v1/operator/jobs/" + done.path("job").asLong() + "/attempts/9", operator)
                        .code());
        assertEquals(200, get("/v1/operator/attention", operator).status());
        assertEquals(
                2,
                get("/v1/operator/jobs?wat=a.wat", operator)
                        .body()
                        .path("matched")
                        .asInt());
        assertEquals(
                "campaign-resume",
                get("/v1/operator/audit?people=true&limit=1", operator)
                        .body()
                        .path("audit")
                        .path(0)
                        .path("action")
                        .asText());
    }

    private double meter(String name) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + tracker.port() + "/metrics"))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString())
                .body()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    /** The stream has no end: its first words are read, and by hand. */
    private void events() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + tracker.port() + "/v1/events"))
                .build();
        HttpResponse<InputStream> response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
        String type = response.headers().firstValue("Content-Type").orElse("");
        assertEquals("", api.fault("get", "/v1/events", null, response.statusCode(), type, new byte[0]));
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            StringBuilder heard = new StringBuilder();
            while (!heard.toString().contains("event: overview")
                    || !heard.toString().contains("\"nickname\":\"ada\"")) {
                heard.append(lines.readLine()).append('\n');
            }
            assertTrue(heard.toString().contains("event: recent"), heard.toString());
            assertEquals(1.0, meter("gleaner_watchers"));
        }
        for (int i = 0; i < 100 && meter("gleaner_watchers") > 0; i++) {
            Thread.sleep(50); // The end of a connection takes a moment to be seen.
        }
        assertEquals(0.0, meter("gleaner_watchers"), "who has gone is counted no more");
    }

    @Test
    void badCallsGetAProblemThatSaysWhatToDo() throws Exception {
        register();
        assertEquals(
                "update-required", call("GET", "/v1/campaigns", null, "", "99").code());
        assertEquals(
                "update-required", call("GET", "/v1/campaigns", null, "", "0").code());
        assertEquals(
                "malformed-request",
                call("GET", "/v1/campaigns", null, "", "one").code());
        assertEquals("not-found", get("/v1/nothing", "").code());
        assertEquals(
                "unauthorized",
                post("/v1/leases", Map.of("request", "r", "max", 1, "waitSeconds", 0), "wrong")
                        .code());
        assertEquals(
                "unauthorized",
                post("/v1/leases", Map.of("request", "r", "max", 1, "waitSeconds", 0), "")
                        .code());
        assertEquals("forbidden", get("/v1/operator/workers", worker).code());
        assertEquals("unauthorized", get("/v1/operator/workers", "wrong").code());
        assertEquals("unknown-campaign", get("/v1/campaigns/none", "").code());
        assertEquals("unknown-job", get("/v1/operator/jobs/77", operator).code());
        assertEquals(
                "unknown-worker",
                post("/v1/operator/workers/none/ban", Map.of(), operator).code());
        assertEquals(
                "unknown-bundle",
                get("/v1/bundles/" + "0".repeat(64) + "/bundle.json", "").code());
        assertEquals("unknown-bundle", get("/v1/bundles/x/bundle.json", "").code());
        assertEquals(
                "unknown-bundle",
                post("/v1/operator/campaigns", campaign("c", "0".repeat(64), List.of("a")), operator)
                        .code());
        assertEquals(
                "upload-mismatch",
                call("PUT", "/v1/operator/bundles/" + "0".repeat(64) + "/bundle.json", new byte[10], operator, "1")
                        .code());
        for (String body : List.of(
                "",
                "{",
                "[]",
                "{\"request\":\"r\",\"max\":1}",
                "{\"request\":null,\"max\":1,\"waitSeconds\":0}",
                "{\"request\":\"r\",\"max\":99,\"waitSeconds\":0}",
                "{\"request\":\"r\",\"max\":1,\"waitSeconds\":0} x",
                "[".repeat(5_000))) {
            Answer answer = call("POST", "/v1/leases", body.getBytes(StandardCharsets.UTF_8), worker, "1");
            assertEquals("malformed-request", answer.code(), body);
        }
        Answer missing = call(
                "POST", "/v1/leases", "{\"max\":1,\"waitSeconds\":0}".getBytes(StandardCharsets.UTF_8), worker, "1");
        assertTrue(
                missing.body().path("detail").asText().contains("request"),
                missing.body().toString());
        assertEquals(
                "malformed-request",
                post("/v1/leases/1/nonsense/release", Map.of("reason", "x"), worker)
                        .code());
        assertEquals(
                "unknown-job",
                post("/v1/leases/1/0123456789abcdef-1/release", Map.of("reason", "x"), worker)
                        .code());
        assertEquals(
                "malformed-request",
                post(
                                "/v1/workers",
                                Map.of(
                                        "nickname",
                                        "a\u001b[31m",
                                        "agent",
                                        "x",
                                        "capabilities",
                                        Map.of("cpus", 1, "memoryMiB", 1, "providers", List.of(), "os", "x")),
                                "")
                        .code());
        assertEquals(
                "malformed-request",
                get("/v1/operator/jobs?limit=100000", operator).code());
        assertEquals(
                "malformed-request",
                get("/v1/operator/jobs?state=odd", operator).code());
    }

    private void directed(String id) throws Exception {
        Map<String, Object> pause = Map.of("directive", "PAUSE", "message", "the store is being moved");
        assertEquals(
                "PAUSE",
                post("/v1/operator/workers/" + id + "/direct", pause, operator)
                        .body()
                        .path("directive")
                        .asText());
        JsonNode beat =
                post("/v1/heartbeats", Map.of("leases", List.of()), worker).body();
        assertEquals("PAUSE", beat.path("directive").asText());
        assertEquals("the store is being moved", beat.path("message").asText());
        JsonNode nothing = post("/v1/leases", Map.of("request", "paused", "max", 1, "waitSeconds", 0), worker)
                .body();
        assertTrue(nothing.path("idle").asText().contains("paused"), nothing.toString());
        post("/v1/operator/workers/" + id + "/direct", Map.of("directive", "NONE"), operator);
        assertEquals(
                "NONE",
                post("/v1/heartbeats", Map.of("leases", List.of()), worker)
                        .body()
                        .path("directive")
                        .asText());
        assertEquals(
                "malformed-request",
                post(
                                "/v1/operator/workers/" + id + "/direct",
                                Map.of("directive", "PAUSE", "message", "x".repeat(301)),
                                operator)
                        .code());
        assertEquals(
                "unknown-worker",
                post("/v1/operator/workers/nobody/direct", pause, operator).code());
    }

    /** What a worker tells of its version and its network. */
    private void saysOfItself(String id) throws Exception {
        post("/v1/operator/workers/" + id + "/direct", Map.of("directive", "UPDATE"), operator);
        Map<String, Object> asking = Map.of("request", "updated", "max", 1, "waitSeconds", 0);
        assertTrue(
                post("/v1/leases", asking, worker).body().path("idle").asText().contains("newer version"));
        Map<String, Object> updated = new java.util.HashMap<>(asking);
        updated.put("agent", "test/2");
        assertFalse(
                post("/v1/leases", updated, worker).body().path("idle").asText().contains("newer version"));
        post(
                "/v1/heartbeats",
                Map.of("leases", List.of(), "troubles", List.of(Map.of("kind", "RESOLVER", "percent", 30))),
                worker);
        assertEquals(
                "malformed-request",
                post(
                                "/v1/heartbeats",
                                Map.of(
                                        "leases",
                                        List.of(),
                                        "troubles",
                                        List.of(Map.of("kind", "LINK", "percent", 101))),
                                worker)
                        .code());
        JsonNode view = JSON.nullNode();
        for (int i = 0; i < 100 && view.path("troubles").isEmpty(); i++) {
            Thread.sleep(20);
            view = get("/v1/operator/workers", operator).body().path("workers").path(0);
        }
        assertEquals("test/2", view.path("agent").asText());
        assertEquals("NONE", view.path("directive").asText(), "what was asked for has come");
        assertEquals(30, view.path("troubles").path(0).path("percent").asInt(), view.toString());
    }

    private JsonNode lease(String request, String stage) throws Exception {
        Map<String, Object> asking = Map.of("request", request, "max", 1, "waitSeconds", 2, "stages", List.of(stage));
        JsonNode answer = post("/v1/leases", asking, worker).body();
        assertEquals(1, answer.path("leases").size(), answer.toString());
        assertEquals(stage, answer.path("leases").path(0).path("stage").asText());
        return answer.path("leases").path(0);
    }

    /** A campaign in two stages. */
    @SuppressWarnings("unchecked")
    private void stages(String bundle) throws Exception {
        Map<String, Object> fetch = campaign("f1", bundle, List.of("a.wat.gz"));
        ((Map<String, Object>) fetch.get("spec")).put("stage", "FETCH");
        assertEquals(200, post("/v1/operator/campaigns", fetch, operator).status());
        Map<String, Object> score = campaign("s1", bundle, List.of());
        Map<String, Object> spec = (Map<String, Object>) score.get("spec");
        spec.put("stage", "SCORE");
        spec.put("source", "c1");
        Answer ofWhole = post("/v1/operator/campaigns", score, operator);
        assertEquals("malformed-request", ofWhole.code());
        assertTrue(ofWhole.body().path("detail").asText().contains("no batches"), ofWhole.toString());
        spec.put("source", "none");
        assertEquals(
                "unknown-campaign",
                post("/v1/operator/campaigns", score, operator).code());
        spec.put("source", "f1");
        assertEquals(200, post("/v1/operator/campaigns", score, operator).status());
        Map<String, Object> nothing = Map.of("request", "s0", "max", 1, "waitSeconds", 0, "stages", List.of());
        assertEquals("malformed-request", post("/v1/leases", nothing, worker).code());

        JsonNode fetching = lease("f1", "FETCH");
        assertEquals(
                "state-conflict",
                post(path(fetching, "inputs"), Map.of(), worker).code());
        assertEquals(
                "ACCEPTED",
                post(path(fetching, "submit"), manifest(bundle, List.of(), 0), worker)
                        .body()
                        .path("outcome")
                        .asText());
        JsonNode scoring = lease("s1", "SCORE");
        assertEquals(fetching.path("watPath"), scoring.path("watPath"));
        JsonNode inputs = post(path(scoring, "inputs"), Map.of(), worker).body();
        assertEquals(0, inputs.path("objects").size());
        Map<String, Object> invented = new LinkedHashMap<>(manifest(bundle, List.of(), 0));
        invented.put("watBytes", 77);
        assertEquals(
                "REJECTED",
                post(path(scoring, "submit"), invented, worker)
                        .body()
                        .path("outcome")
                        .asText());
        assertEquals("s1", get("/v1/campaigns/s1", "").body().path("name").asText());
        assertEquals("f1", get("/v1/campaigns/s1", "").body().path("source").asText());
        String key = "accepted/c1/0123456789abcdef/1/1/" + "a".repeat(64) + ".parquet";
        assertEquals(
                "ticket-invalid",
                get("/v1/objects/" + key + "?expires=9999999999&signature=00", "")
                        .code());
    }

    /** An operator looks at live leases and takes one away. */
    private void extended(Map<String, Object> ref) throws Exception {
        for (long seconds : new long[] {0, 86_401}) {
            assertEquals(
                    "malformed-request",
                    post(
                                    "/v1/operator/leases/extend",
                                    Map.of("leases", List.of(ref), "seconds", seconds, "reason", "test"),
                                    operator)
                            .code());
        }
        assertEquals(
                "extended",
                post(
                                "/v1/operator/leases/extend",
                                Map.of("leases", List.of(ref), "seconds", 60, "reason", "test"),
                                operator)
                        .body()
                        .path("leases")
                        .path(0)
                        .path("outcome")
                        .asText());
    }

    private void leases() throws Exception {
        JsonNode mine = acquire("listed");
        JsonNode page =
                get("/v1/operator/leases?order=newest&limit=1", operator).body();
        assertEquals(1, page.path("leases").size(), page.toString());
        JsonNode lease = page.path("leases").path(0);
        assertEquals(mine.path("job"), lease.path("job"));
        assertEquals(mine.path("token"), lease.path("token"));
        assertEquals("ada", lease.path("nickname").asText());
        assertEquals(
                0,
                get("/v1/operator/leases?silent=9999", operator)
                        .body()
                        .path("leases")
                        .size());
        assertEquals(
                "malformed-request",
                get("/v1/operator/leases?order=odd", operator).code());
        assertEquals(
                "malformed-request",
                get("/v1/operator/leases?limit=9999", operator).code());
        assertEquals("forbidden", get("/v1/operator/leases", worker).code());
        Map<String, Object> ref = Map.of(
                "job", mine.path("job").asLong(), "token", mine.path("token").asText());
        extended(ref);
        Map<String, Object> wish = Map.of("leases", List.of(ref), "reason", "it hangs");
        assertEquals(
                "revoked",
                post("/v1/operator/leases/revoke", wish, operator)
                        .body()
                        .path("leases")
                        .path(0)
                        .path("outcome")
                        .asText());
        assertEquals(
                "gone",
                post("/v1/operator/leases/revoke", wish, operator)
                        .body()
                        .path("leases")
                        .path(0)
                        .path("outcome")
                        .asText());
        assertEquals(
                "lease-lost",
                post(path(mine, "release"), Map.of("reason", "late"), worker).code());
        assertTrue(get("/v1/operator/audit", operator).body().toString().contains("it hangs"));
        assertEquals(
                "malformed-request",
                post("/v1/operator/leases/revoke", Map.of("leases", List.of(ref), "reason", " "), operator)
                        .code());
    }

    private void release() throws Exception {
        assertEquals("", get("/v1/worker-release", "").body().path("version").asText());
        Map<String, String> release = Map.of(
                "version",
                "1.2.3",
                "bundle",
                uploadBundle(),
                "signature",
                java.util.Base64.getEncoder().encodeToString(new byte[64]));
        assertEquals(200, post("/v1/operator/worker-release", release, operator).status());
        assertEquals(
                "1.2.3", get("/v1/worker-release", "").body().path("version").asText());
        Map<String, String> absent = new java.util.HashMap<>(release);
        absent.put("bundle", "a".repeat(64));
        assertEquals(
                "unknown-bundle",
                post("/v1/operator/worker-release", absent, operator).code());
        absent.put("version", "newest");
        assertEquals(
                "malformed-request",
                post("/v1/operator/worker-release", absent, operator).code());
        Map<String, String> none = Map.of("version", "", "bundle", "", "signature", "");
        assertEquals(200, post("/v1/operator/worker-release", none, operator).status());
    }

    /** Operations about web sites that are spared. */
    private void sites() throws Exception {
        String root = "/v1/operator";
        Map<String, Object> tally =
                Map.of("site", "example.org", "asked", 3, "refused", 1, "restSeconds", 120, "source", false);
        Map<String, Object> report = Map.of("since", 0, "tallies", List.of(tally));
        assertEquals(
                0,
                post("/v1/heartbeats", Map.of("leases", List.of(), "sites", report), worker)
                        .body()
                        .path("leases")
                        .size());
        JsonNode spared = get(root + "/sites", operator).body().path("sites").path(0);
        assertEquals("example.org", spared.path("site").asText());
        assertTrue(spared.path("restSeconds").asInt() > 100, spared.toString());
        Thread.sleep(1_100); // What was noted is listed once a second.
        JsonNode heard = post(
                        "/v1/heartbeats",
                        Map.of("leases", List.of(), "sites", Map.of("since", 0, "tallies", List.of())),
                        worker)
                .body()
                .path("sites");
        assertEquals("example.org", heard.path("orders").path(0).path("site").asText());
        stops();
        Map<String, Object> nonsense = Map.of("since", 0, "tallies", Collections.nCopies(101, tally));
        assertEquals(
                "malformed-request",
                post("/v1/heartbeats", Map.of("leases", List.of(), "sites", nonsense), worker)
                        .code());
        assertEquals(
                5.5,
                post(root + "/site-rates", Map.of("perSite", 5.5, "perSource", 50), operator)
                        .body()
                        .path("perSite")
                        .asDouble());
        assertEquals(
                50, get(root + "/site-rates", operator).body().path("perSource").asDouble());
        assertEquals(
                "malformed-request",
                post(root + "/site-rates", Map.of("perSite", 0, "perSource", 50), operator)
                        .code());
    }

    /** Operations about who gets in; {@link DoorIT} tells what they are for. */
    /** A site's owner, who sets a record and makes everybody stay away. */
    private void stops() throws Exception {
        Map<String, Object> wish = Map.of("site", "shop.example");
        JsonNode standing = get("/v1/sites/stop?site=Shop.Example", "").body();
        assertFalse(standing.path("stopped").asBoolean());
        Answer early = post("/v1/sites/stop", wish, "");
        assertEquals("state-conflict", early.code());
        assertTrue(early.body().path("detail").asText().contains("there is none yet"), early.toString());
        names.records.put(standing.path("record").asText() + ".", "stop=what somebody guesses");
        Answer guessed = post("/v1/sites/stop", wish, "");
        assertEquals("state-conflict", guessed.code());
        assertTrue(guessed.body().path("detail").asText().contains("somebody guesses"), guessed.toString());
        names.records.put(
                standing.path("record").asText() + ".", standing.path("value").asText());
        assertTrue(post("/v1/sites/stop", wish, "").body().path("stopped").asBoolean());
        assertTrue(get("/v1/sites/stop?site=img.shop.example", "")
                .body()
                .path("stopped")
                .asBoolean());
        assertFalse(get("/v1/sites/stop?site=workshop.example", "")
                .body()
                .path("stopped")
                .asBoolean());
        for (String bad : List.of("", "com", "https://x.org", "x.org/", "-x.org", "a..b", "x".repeat(300) + ".org")) {
            assertEquals(
                    "malformed-request",
                    get("/v1/sites/stop?site=" + URLEncoder.encode(bad, StandardCharsets.UTF_8), "")
                            .code(),
                    bad);
        }
        JsonNode told = beat(0).path("stops");
        assertEquals("shop.example", told.path("sites").path(0).asText());
        assertTrue(
                beat(told.path("version").asLong()).path("stops").isMissingNode(),
                "who knows the list is not told again");
        String stopped = "/v1/operator/stopped-sites";
        assertEquals(
                "owner, by DNS",
                get(stopped, operator).body().path("stops").path(0).path("by").asText());
        assertEquals(
                0,
                post(stopped, Map.of("site", "shop.example", "stop", false), operator)
                        .body()
                        .path("stops")
                        .size());
        assertEquals(
                0,
                beat(told.path("version").asLong()).path("stops").path("sites").size());
        assertTrue(cli(0, "site", "stop", "other.example").contains("other.example"));
        assertTrue(cli(0, "site", "stopped").contains("1 sites are stopped"));
        assertTrue(cli(0, "site", "allow", "other.example").contains("0 sites are stopped"));
    }

    private JsonNode beat(long stops) throws Exception {
        Map<String, Object> report = Map.of("since", 0, "tallies", List.of(), "stops", stops);
        return post("/v1/heartbeats", Map.of("leases", List.of(), "sites", report), worker)
                .body()
                .path("sites");
    }

    private void door(String id) throws Exception {
        String root = "/v1/operator";
        Map<String, Object> limits =
                Map.of("leasesPerWorker", 9, "leasesPerAddress", 0, "leasesPerInvitation", 0, "jobsPerDay", 0);
        assertEquals(200, post(root + "/limits", limits, operator).status());
        assertEquals(
                9,
                get(root + "/limits", operator).body().path("leasesPerWorker").asInt());
        Map<String, Object> enrolment = Map.of("mode", "APPROVAL", "workersPerAddressPerDay", 7);
        assertEquals(200, post(root + "/enrolment", enrolment, operator).status());
        assertEquals(
                "APPROVAL",
                get(root + "/enrolment", operator).body().path("mode").asText());
        assertFalse(post(root + "/workers/" + id + "/admit", Map.of(), operator)
                .body()
                .path("waiting")
                .asBoolean());
        String invitation = post(root + "/invitations", Map.of("note", "a friend", "uses", 1, "days", 1), operator)
                .body()
                .path("id")
                .asText();
        assertEquals(
                1,
                get(root + "/invitations", operator).body().path("invitations").size());
        assertEquals(
                "withdrawn",
                post(root + "/invitations/" + invitation + "/withdraw", Map.of(), operator)
                        .body()
                        .path("invitations")
                        .path(0)
                        .path("state")
                        .asText());
        String key = post(root + "/keys", Map.of("name", "eve", "role", "viewer", "days", 0), operator)
                .body()
                .path("id")
                .asText();
        assertEquals(1, get(root + "/keys", operator).body().path("keys").size());
        assertEquals(
                200, post(root + "/keys/" + key + "/rotate", Map.of(), operator).status());
        assertEquals(
                200, post(root + "/keys/" + key + "/revoke", Map.of(), operator).status());
        String fresh = Tokens.make();
        assertEquals(
                200,
                post("/v1/workers/token", Map.of("tokenHash", Tokens.hash(fresh)), worker)
                        .status());
        worker = fresh;
    }

    @Test
    void aLeaseDeclaresABoundedNumberOfObjects() throws Exception {
        post("/v1/operator/campaigns", campaign("c1", uploadBundle(), List.of("a.wat.gz")), operator);
        register();
        JsonNode lease = acquire("r1");
        String last = "";
        for (int call = 0; call < 5; call++) {
            List<Map<String, Object>> objects = new java.util.ArrayList<>();
            for (int i = 0; i < 64; i++) {
                objects.add(Map.of(
                        "name", "s-" + i + ".parquet", "bytes", 9, "rows", 1, "sha256", Tokens.hash(call + "." + i)));
            }
            for (int again = 0; again < 2; again++) {
                last = post(path(lease, "tickets"), Map.of("objects", objects), worker)
                        .code();
                assertEquals(call == 4 ? "lease-lost" : "", last);
            }
        }
    }

    @Test
    void anOversizeBodyIsRefused() throws Exception {
        String code = "body-too-large";
        try {
            code = call("POST", "/v1/workers", new byte[2 << 20], "", "1").code();
        } catch (IOException e) {
            assertEquals(
                    200,
                    get("/health/ready", "").status(),
                    "it may hang up before all of the body is sent, but not fall over");
        }
        assertEquals("body-too-large", code);
        assertEquals(
                0, get("/v1/operator/workers", operator).body().path("workers").size());
    }

    @Test
    void theAuditTrailTellsWhoDidWhatAndTheCollectorTouchesNothingUnasked() throws Exception {
        String bundle = uploadBundle();
        post("/v1/operator/campaigns", campaign("c", bundle, List.of("a")), operator);
        post("/v1/operator/campaigns/c/pause", Map.of(), operator);
        JsonNode trail = get("/v1/operator/audit?limit=1", operator).body().path("audit");
        assertEquals(1, trail.size());
        assertEquals("campaign-pause", trail.get(0).path("action").asText());
        assertEquals("operator", trail.get(0).path("actor").asText());
        JsonNode older = get(
                        "/v1/operator/audit?before=" + trail.get(0).path("id").asLong(), operator)
                .body()
                .path("audit");
        assertEquals("campaign-create", older.get(0).path("action").asText());
        assertEquals("unauthorized", get("/v1/operator/audit", "").code());

        Answer dry = post("/v1/operator/objects/collect", Map.of("delete", false, "olderThanHours", 1), operator);
        assertEquals(0, dry.body().path("objects").asInt());
        post("/v1/operator/objects/collect", Map.of("delete", true, "olderThanHours", 1), operator);
        assertEquals(
                "objects-collect",
                get("/v1/operator/audit?limit=1", operator)
                        .body()
                        .path("audit")
                        .get(0)
                        .path("action")
                        .asText());
        assertEquals(
                "malformed-request",
                post("/v1/operator/objects/collect", Map.of("delete", true, "olderThanHours", 0), operator)
                        .code());
    }

    @Test
    void leaseTimesChangeForEverybodyWithoutARestartAndSurviveOne() throws Exception {
        String bundle = uploadBundle();
        post("/v1/operator/campaigns", campaign("c", bundle, List.of("a", "b")), operator);
        register();
        assertEquals(
                5,
                post("/v1/heartbeats", Map.of("leases", List.of()), worker)
                        .body()
                        .path("heartbeatSeconds")
                        .asInt());
        assertEquals(
                "malformed-request",
                post("/v1/operator/lease-times", Map.of("ttl", 10, "hardCap", 900, "heartbeat", 9), operator)
                        .code());
        post("/v1/operator/lease-times", Map.of("ttl", 90, "hardCap", 900, "heartbeat", 15), operator);
        assertEquals(
                15,
                post("/v1/heartbeats", Map.of("leases", List.of()), worker)
                        .body()
                        .path("heartbeatSeconds")
                        .asInt());
        JsonNode lease = acquire("r1");
        assertEquals(90, lease.path("ttlSeconds").asInt());
        tracker.close();
        tracker = startTracker();
        assertEquals(
                900,
                get("/v1/operator/lease-times", operator).body().path("hardCap").asInt());
    }

    @Test
    void theMetersTellOfLeasesLedgerCallsAndTheMachine() throws Exception {
        String bundle = uploadBundle();
        post("/v1/operator/campaigns", campaign("c", bundle, List.of("a")), operator);
        register();
        acquire("r1");
        HttpResponse<String> meters = http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + tracker.port() + "/metrics"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        String text = meters.body();
        for (String line : List.of(
                "gleaner_lease_granted_total 1.0",
                "gleaner_ledger_commit_seconds_count",
                "gleaner_ledger_batch_sum",
                "gleaner_http_seconds_count{code=\"200\",method=\"POST\",route=\"/v1/leases\"} 1",
                "jvm_memory_used_bytes",
                "process_uptime_seconds")) {
            assertTrue(text.contains(line), line + " is not in\n" + text);
        }
        assertFalse(text.contains("ada"), "no worker's name is ever a label");
    }

    @Test
    void theLeaseSurvivesARestartOfTheTracker() throws Exception {
        String bundle = uploadBundle();
        post("/v1/operator/campaigns", campaign("c", bundle, List.of("a")), operator);
        register();
        JsonNode lease = acquire("r1");
        tracker.close();
        tracker = startTracker();
        assertEquals(
                "ACCEPTED",
                post(path(lease, "submit"), manifest(bundle, List.of(), 0), worker)
                        .body()
                        .path("outcome")
                        .asText());
    }

    @Test
    void whileTheObjectStoreIsAwayNothingIsRejectedOrLost() throws Exception {
        String bundle = uploadBundle();
        post("/v1/operator/campaigns", campaign("c", bundle, List.of("a")), operator);
        register();
        JsonNode lease = acquire("r1");
        byte[] junk = "this is no parquet".getBytes(StandardCharsets.UTF_8);
        Map<String, Object> object = Map.of(
                "name",
                "shard-0.parquet",
                "bytes",
                junk.length,
                "sha256",
                Tokens.hash("this is no parquet"),
                "rows",
                1);
        JsonNode ticket = post(path(lease, "tickets"), Map.of("objects", List.of(object)), worker)
                .body()
                .path("tickets")
                .path(0);
        Path objects = folder.resolve("data/objects");
        Path away = folder.resolve("away");
        Files.move(objects, away);
        Files.createDirectory(objects);
        assertEquals(
                "storage-unavailable",
                call("PUT", ticket.path("url").asText(), junk, "", "").code());
        assertEquals("storage-unavailable", get("/health/ready", "").code());
        assertEquals(
                "PENDING",
                post(path(lease, "submit"), manifest(bundle, List.of(object), 1), worker)
                        .body()
                        .path("outcome")
                        .asText());
        Files.delete(objects);
        Files.move(away, objects);
        assertEquals(200, get("/health/ready", "").status());
        assertEquals(
                "submitted",
                get("/v1/operator/jobs/" + lease.path("job").asLong(), operator)
                        .body()
                        .path("attempts")
                        .path(0)
                        .path("state")
                        .asText());
    }

    @Test
    void thePageIsServedWithItsParts() throws Exception {
        for (String path : List.of(
                "/",
                "/page.js",
                "/dom.js",
                "/operator.html",
                "/operator.js",
                "/page.css",
                "/icon.svg",
                "/uplot/LICENSE")) {
            HttpResponse<String> response = http.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + tracker.port() + path))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertEquals(200, response.statusCode(), path);
            assertTrue(response.headers()
                    .firstValue("Content-Security-Policy")
                    .orElse("")
                    .contains("default-src 'self'"));
        }
    }

    @Test
    void operatorsWorkByTheCommandLine() throws Exception {
        Path paths = folder.resolve("wat.paths.gz");
        try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(paths))) {
            out.write("crawl-data/a.wat.gz\ncrawl-data/b.wat.gz\n".getBytes(StandardCharsets.UTF_8));
        }
        assertTrue(cli(
                        0,
                        "campaign",
                        "create",
                        "--name",
                        "c",
                        "--paths",
                        paths.toString(),
                        "--bundle",
                        BUNDLE.toString(),
                        "--slices",
                        "3")
                .contains("made with 6 jobs"));
        assertTrue(cli(
                        0,
                        "campaign",
                        "create",
                        "--name",
                        "c",
                        "--paths",
                        paths.toString(),
                        "--bundle",
                        BUNDLE.toString(),
                        "--slices",
                        "3")
                .contains("exists already"));
        Path policy = Files.writeString(folder.resolve("policy.json"), "{\"threshold\": 0.25}");
        String[] another = {
            "campaign",
            "create",
            "--name",
            "p",
            "--paths",
            paths.toString(),
            "--bundle",
            BUNDLE.toString(),
            "--policy",
            policy.toString()
        };
        cli(0, another);
        assertTrue(cli(0, "campaign", "show", "p").contains("\"threshold\" : 0.25"), "the rest is the default");
        Files.writeString(policy, "{\"treshold\": 0.25}");
        cli(65, another);
        assertTrue(cli(0, "campaign", "list").contains("c "));
        assertTrue(cli(0, "campaign", "show", "c").contains("\"wats\" : 2"));
        assertTrue(cli(0, "campaign", "pause", "c").contains("paused"));
        assertTrue(cli(0, "campaign", "resume", "c").contains("active"));
        assertTrue(cli(0, "campaign", "priority", "c", "7").contains("has priority 7"));
        cli(65, "campaign", "priority", "c", "101");
        cli(69, "campaign", "priority", "none", "1");
        assertTrue(cli(0, "campaign", "replication", "p", "adaptive").contains("\"provenAfter\":10"));
        assertTrue(cli(0, "campaign", "replication", "p", "none").contains("null"));
        cli(66, "campaign", "replication", "p", "no-such-file");
        Files.writeString(policy, "{\"minImageBytes\": 3000}");
        cli(64, "campaign", "policy", "p", "--set", policy.toString());
        assertTrue(cli(0, "campaign", "policy", "p", "--set", policy.toString(), "--reason", "small ones are good, too")
                .contains("has version 2"));
        String versions = cli(0, "campaign", "policy", "p");
        assertTrue(versions.contains("\"minImageBytes\" : 3000") && versions.contains("\"minImageBytes\" : 5000"));
        assertEquals(6, cli(0, "job", "list", "--campaign", "c").lines().count());
        assertTrue(cli(0, "job", "quarantine", "1", "--reason", "odd").contains("quarantined"));
        assertTrue(cli(0, "job", "show", "1").contains("operator: odd"));
        assertTrue(cli(0, "job", "requeue", "1", "--reason", "mended").contains("open"));
        String[] move = {"job", "move", "--wat", "b.wat", "--state", "open", "--to", "quarantined", "--reason", "test"};
        assertTrue(cli(0, move).contains("13 jobs match; nothing was done"), "of both campaigns");
        assertTrue(cli(0, concat(move, "--yes")).contains("13 jobs are quarantined, 0 had changed"));
        assertTrue(cli(0, "attention").contains("is set aside: operator: test"));
        assertEquals(13, cli(0, "job", "list", "--reason-has", "test").lines().count());
        assertTrue(cli(0, concat(move, "--yes")).contains("no job matches"));
        cli(64, "job", "move", "--to", "open", "--reason", "test");
        cli(0, "job", "move", "--state", "quarantined", "--to", "open", "--reason", "test", "--yes");
        for (int i = 0;
                i < 100
                        && get("/v1/operator/attention", operator)
                                .body()
                                .toString()
                                .contains("set aside");
                i++) {
            Thread.sleep(50); // All who ask within two seconds share one look.
        }
        assertFalse(cli(0, "attention").contains("set aside"));
        assertTrue(cli(0, "worker", "list").contains("NICKNAME"));
        register();
        acquire("cli");
        assertTrue(cli(0, "lease", "list").contains("1 of 1 live leases"));
        String[] extend = {"lease", "extend", "--seconds", "600", "--reason", "test"};
        assertTrue(cli(0, extend).contains("nothing was changed; add --yes"));
        assertTrue(cli(0, concat(extend, "--yes")).contains("1 leases live for 600 s"));
        assertTrue(get("/v1/operator/leases", operator)
                        .body()
                        .path("leases")
                        .path(0)
                        .path("endsInSeconds")
                        .asInt()
                > 500);
        assertTrue(cli(0, "lease", "revoke", "--reason", "test").contains("nothing was taken away"));
        assertTrue(cli(0, "lease", "revoke", "--reason", "test", "--silent", "999", "--yes")
                .contains("0 of 1 live"));
        assertTrue(cli(0, "lease", "revoke", "--reason", "test", "--yes").contains("1 leases were taken away"));
        assertTrue(cli(0, "lease", "list", "--order", "oldest").contains("0 of 0 live leases"));
        cli(69, "campaign", "show", "none");
        cli(64, "job", "requeue", "1");
        cli(
                66,
                "campaign",
                "create",
                "--name",
                "d",
                "--paths",
                folder.resolve("none").toString(),
                "--bundle",
                BUNDLE.toString());
    }

    private static String[] concat(String[] some, String more) {
        String[] all = Arrays.copyOf(some, some.length + 1);
        all[some.length] = more;
        return all;
    }

    @Test
    void aHundredThousandPathsAreACampaign() throws Exception {
        String bundle = uploadBundle();
        List<String> paths = java.util.stream.IntStream.range(0, 100_000)
                .mapToObj(i -> "crawl-data/CC-MAIN-2026-01/segments/" + i + "/wat/CC-MAIN-" + i + ".warc.wat.gz")
                .toList();
        assertEquals(
                200_000,
                post("/v1/operator/campaigns", campaign("big", bundle, paths), operator)
                        .body()
                        .path("jobs")
                        .asLong());
        register();
        assertTrue(acquire("r").path("job").asLong() > 0);
    }
}
