package dev.gleaner.deploy;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An operator at a real browser: the tracker's and the worker's jar, a worker that is killed, a click that puts it right. */
class OperatorPageIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String HOSTILE = "<img src=x onerror=alert(1)>";

    @TempDir
    Path folder;

    private static String[] workerOf(SmallCampaign campaign, String home, String name) {
        List<String> arguments = new ArrayList<>(Arrays.asList(campaign.run()));
        arguments.set(
                arguments.indexOf("--home") + 1, campaign.folder.resolve(home).toString());
        arguments.addAll(List.of("--name", name));
        return arguments.toArray(String[]::new);
    }

    @Test
    void aStuckLeaseIsFoundAndItsJobDoneByAnother() throws Exception {
        try (Browsers browsers = Browsers.open();
                SmallCampaign campaign = new SmallCampaign(folder, 600)) {
            Page page = browsers.page();
            List<String> faults = Browsers.faults(page);
            String root = "http://127.0.0.1:" + campaign.trackerPort() + "/";

            Process first =
                    campaign.programs.launch(Programs.WORKER, "first.log", workerOf(campaign, "first", HOSTILE));
            Programs.awaitThat(() -> campaign.sum() > 20);

            page.navigate(root + "operator.html");
            page.getByLabel("Token of an operator or viewer").fill("wrong");
            page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Sign in"))
                    .click();
            assertThat(page.getByRole(AriaRole.ALERT)).containsText("not known here");
            page.getByLabel("Token of an operator or viewer")
                    .fill(Files.readString(folder.resolve("data/operator.token"))
                            .strip());
            page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Sign in"))
                    .click();
            Locator rows = page.locator("#leases tr");
            assertThat(rows).hasCount(1);
            assertThat(rows.first()).containsText(HOSTILE);
            assertThat(rows.first()).containsText("fetch");

            first.destroyForcibly().waitFor();
            first.descendants().forEach(ProcessHandle::destroyForcibly);
            page.locator("#filter [name=silent]").fill("4");
            page.locator("#filter button").click();
            assertTrue(page.url().contains("silent=4"), page.url());
            assertThat(rows).hasCount(1);
            Browsers.picture(page, "operator-leases");
            page.reload();
            assertThat(rows).hasCount(1);
            page.getByLabel(Pattern.compile("Choose the lease of job")).check();
            page.locator("#take").click();
            assertThat(page.locator("#h-confirm")).hasText("Take 1 lease away?");
            page.locator("#reason").fill("its worker was killed");
            Browsers.picture(page, "operator-confirm");
            page.locator("#do").click();
            assertThat(page.locator("#no-leases")).isVisible();

            Process second =
                    campaign.programs.launch(Programs.WORKER, "second.log", workerOf(campaign, "second", "bela"));
            assertTrue(second.waitFor(120, TimeUnit.SECONDS), () -> campaign.programs.read("second.log"));
            page.navigate(root);
            assertThat(page.locator("#volunteers")).containsText("bela");
            assertThat(page.locator(".key")).containsText("1 done");
            page.navigate(root + "volunteers.html?name=" + URLEncoder.encode(HOSTILE, StandardCharsets.UTF_8));
            assertThat(page.locator("#title")).hasText(HOSTILE);
            assertThat(page.locator("#machines tr")).hasCount(1);
            assertEquals(0, page.locator("img[src=x]").count(), "a name is text");

            JsonNode job = JSON.readTree(
                    campaign.get(campaign.trackerPort(), "/v1/operator/jobs/1").body());
            assertEquals("done", job.path("state").asText(), job.toString());
            assertTrue(job.toString().contains("operator: its worker was killed"), job.toString());
            assertEquals(List.of(), faults, "nothing went wrong on the page");
        }
    }
}
