package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.tracker.watch.Meters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The rules and the page for those who watch a tracker, against the meters that there are. */
@Tag("jdk")
class MonitoringIT {
    private static final Path ALERTS = Path.of("prometheus/alerts.yaml");
    private static final Path PAGE = Path.of("grafana/gleaner.json");
    private static final Pattern METER = Pattern.compile("\\b(gleaner|jvm|process|system)_[a-z0-9_]+\\b");
    private static final Pattern ALERT = Pattern.compile("- alert: (\\w+)");
    private static final Pattern RUNBOOK = Pattern.compile("runbook: docs/runbook[.]md#(\\w+)");

    private static List<String> found(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map(hit -> hit.group(pattern.equals(METER) ? 0 : 1))
                .toList();
    }

    /** Names of all series of a tracker in a cluster that has seen everything once. */
    private static Set<String> series() {
        try (Meters meters = new Meters()) {
            for (String name : List.of("members", "partitions", "safe")) {
                meters.cluster(name, name, () -> 1);
            }
            meters.watchers(() -> 1);
            meters.known(() -> 1);
            meters.sites(() -> 1);
            meters.hedged();
            meters.objected();
            meters.expired("silent");
            meters.judged(Submit.Outcome.ACCEPTED, "GOOD");
            meters.answered("GET", "/", 200, Duration.ofMillis(1));
            meters.campaigns(List.of(campaign()));
            return meters.scrape()
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split("[{ ]", 2)[0])
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static CampaignStatus campaign() {
        CampaignStatus.Jobs jobs = new CampaignStatus.Jobs(1, 1, 1, 1, 1);
        return new CampaignStatus(
                "c", "active", "", 1, "b", 1, jobs, Counts.none(), 0, "0", 0.3, Stage.WHOLE, null, 0, 1, null, 0);
    }

    @Test
    void everyMeterThatAlertsAndPagesUseIsThere() throws Exception {
        Set<String> there = series();
        JsonNode page = new ObjectMapper().readTree(PAGE.toFile());
        String expressions = String.join("\n", page.findValuesAsText("expr")) + page.findValuesAsText("query");
        for (String used : found(METER, Files.readString(ALERTS) + expressions)) {
            assertTrue(there.contains(used), used + " is no meter; there are " + there);
        }
        assertTrue(page.path("panels").size() > 10);
    }

    @Test
    void everyAlertHasItsPlaceInTheRunbookAndItsTest() throws Exception {
        String rules = Files.readString(ALERTS);
        List<String> alerts = found(ALERT, rules);
        assertEquals(alerts.stream().map(String::toLowerCase).toList(), found(RUNBOOK, rules));
        String runbook = Files.readString(Path.of("../docs/runbook.md"));
        String tests = Files.readString(Path.of("prometheus/alerts-test.yaml"));
        for (String alert : alerts) {
            assertTrue(runbook.contains("\n## " + alert + "\n"), alert + " has no entry in the runbook");
            assertTrue(tests.contains("alertname=\"" + alert + "\""), alert + " is not tried");
        }
    }

    @Test
    void theAlertsRingWhenTheyShould() throws Exception {
        assumeTrue(isThere(), "promtool is not on this machine: the alert rules are not tried");
        Process tool = new ProcessBuilder("promtool", "test", "rules", "alerts-test.yaml")
                .directory(Path.of("prometheus").toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(tool.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertTrue(tool.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, tool.exitValue(), said);
    }

    private static boolean isThere() throws InterruptedException {
        try {
            return new ProcessBuilder("promtool", "--version").start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
