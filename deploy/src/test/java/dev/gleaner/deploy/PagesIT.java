package dev.gleaner.deploy;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.FilePayload;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every page in a real browser, with both jars behind it. */
class PagesIT {
    private static final String HOSTILE = "<img src=x onerror=alert(1)>";
    private static final int BUDGET_BYTES = 200_000;

    @TempDir
    Path folder;

    private static String root(SmallCampaign campaign) {
        return "http://127.0.0.1:" + campaign.trackerPort() + "/";
    }

    private Process worker(SmallCampaign campaign, String name) throws Exception {
        List<String> arguments = new ArrayList<>(Arrays.asList(campaign.run()));
        arguments.set(arguments.indexOf("--home") + 1, folder.resolve(name).toString());
        arguments.addAll(List.of("--name", name, "--team", "gleaners"));
        return campaign.programs.launch(Programs.WORKER, name + ".log", arguments.toArray(String[]::new));
    }

    private static void look(Page page, String name) {
        Browsers.picture(page, name);
        assertEquals(List.of(), Browsers.barriers(page), name + " keeps people out");
    }

    private void signIn(Page page) throws Exception {
        page.getByLabel("Token of an operator or viewer")
                .fill(Files.readString(folder.resolve("data/operator.token")).strip());
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Sign in"))
                .click();
        assertThat(page.locator("#desk")).isVisible();
    }

    private static Locator button(Page page, String name) {
        return page.getByRole(
                AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
    }

    @Test
    void everybodySeesTheCampaignMoveAndNoTextBecomesMarkup() throws Exception {
        try (Browsers browsers = Browsers.open();
                SmallCampaign campaign = new SmallCampaign(folder)) {
            String root = root(campaign);
            Page page = browsers.page();
            List<String> faults = Browsers.faults(page);
            page.navigate(root);
            assertThat(page.locator("#sentence")).containsText("0% done");
            assertThat(page.locator("#no-recent")).isVisible();
            look(page, "nothing-yet");
            Number bytes = (Number)
                    page.evaluate(
                            "() => performance.getEntriesByType('resource')"
                                    + ".concat(performance.getEntriesByType('navigation')).reduce((sum, e) => sum + e.transferSize, 0)");
            Number paint = (Number)
                    page.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1");
            System.out.println("page: bytes=" + bytes + " first contentful paint ms=" + paint);
            assertTrue(bytes.intValue() > 0 && bytes.intValue() < BUDGET_BYTES, "the page takes " + bytes + " bytes");

            worker(campaign, "ada");
            assertThat(page.locator(".key")).containsText("1 leased");
            assertThat(page.locator(".key"))
                    .containsText("1 done", new LocatorAssertions.ContainsTextOptions().setTimeout(180_000));
            assertThat(page.locator("#recent")).containsText("ada handed in job 1");
            assertThat(page.locator("#sentence")).containsText("all done");
            page.getByText("What the pairs are like").click();
            assertThat(page.locator("details table").first()).isVisible();
            assertThat(page.locator("#volunteers")).containsText("gleaners");
            look(page, "campaign");

            page.navigate(root + "volunteers.html?by=team&day=today");
            assertThat(page.locator("#leaders")).containsText("gleaners");
            look(page, "volunteers");
            page.navigate(root + "volunteers.html?name=ada");
            assertThat(page.locator("#sentence")).containsText("in 1 accepted result, 1 day in a row");
            assertEquals(
                    true,
                    page.waitForFunction("() => document.getElementById('badge').naturalWidth > 0")
                            .jsonValue(),
                    "the badge is a picture");
            look(page, "volunteer");

            campaign.create("hand", List.of("a.wat.gz", "b.wat.gz"), 20);
            new HandMade(root)
                    .handIn(folder, "mallory", "https://example.org/x.jpg?" + HOSTILE, List.of(HOSTILE), null);
            new HandMade(root).handIn(folder, "eve", "https://example.org/y.jpg", List.of("not for everybody"), "NSFW");
            page.navigate(root);
            assertThat(page.locator("#recent")).containsText("eve handed in");
            page.screenshot(new Page.ScreenshotOptions().setPath(Path.of("target", "pages", "progress.png")));
            page.navigate(root + "samples.html?campaign=hand");
            Locator sample = page.locator(".samples .text");
            assertThat(sample).hasCount(1);
            assertThat(sample).hasText(HOSTILE);
            page.getByLabel("Show the texts").check();
            assertEquals(0, page.locator("img").count(), "no picture is loaded, and no text becomes one");
            assertThat(page.locator(".samples a").first()).hasAttribute("rel", "noopener noreferrer nofollow");
            look(page, "samples");

            page.navigate(root + "join.html");
            page.getByLabel("Your name on the leaderboard").fill("o'neill; rm -rf ~");
            Locator command = page.getByLabel("Commands for Linux and macOS");
            assertThat(command).containsText("--tracker " + root.substring(0, root.length() - 1));
            assertThat(command).containsText("--name 'o'\\''neill; rm -rf ~'");
            look(page, "join");

            page.navigate(root + "field.html?campaign=c");
            assertThat(page.locator("#field")).hasAttribute("data-drawn", "1");
            page.locator("#field").focus();
            page.keyboard().press("Enter");
            assertThat(page.locator("#cell")).containsText("job 1, done");
            look(page, "field");

            page.navigate(root + "sites.html");
            page.getByLabel("Your domain").fill("Example.org");
            button(page, "How does it stand?").click();
            assertThat(page.getByLabel("The record")).containsText("_gleaner.example.org. IN TXT \"stop=");
            button(page, "It is set: stop now").click();
            assertThat(page.getByRole(AriaRole.ALERT)).containsText("cannot be looked up now");
            look(page, "sites");
            page.getByLabel("Which").fill("nonsense");
            button(page, "Ask for it").click();
            assertThat(page.locator("#opt-out-answer")).containsText("a domain is a name such as example.org");
            page.getByLabel("Which").fill("example.org");
            page.getByLabel("Why, if you like").fill(HOSTILE);
            button(page, "Ask for it").click();
            assertThat(page.locator("#opt-out-answer")).containsText("A person will look at it");
            leaveOutAndRelease(page, campaign, root);

            Page small = browsers.telephone();
            for (String name :
                    List.of("index", "volunteers", "field", "join", "samples", "sites", "releases", "explore")) {
                small.navigate(root + name + ".html");
                small.waitForTimeout(300);
                Number over = (Number) small.evaluate("() => document.documentElement.scrollWidth - window.innerWidth");
                String wide = (String)
                        small.evaluate(
                                "() => [...document.querySelectorAll('body *')]"
                                        + ".filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML.slice(0, 80)).join('\\n')");
                assertTrue(
                        over.intValue() <= 0, wide + "\n" + name + " is " + over + " pixels too wide for a telephone");
                look(small, "telephone-" + name);
            }
            assertEquals(
                    List.of(
                            "Failed to load resource: the server responded with a status of 409 (Conflict)",
                            "Failed to load resource: the server responded with a status of 400 (Bad Request)",
                            "Failed to load resource: the server responded with a status of 400 (Bad Request)",
                            "Failed to load resource: the server responded with a status of 400 (Bad Request)"),
                    faults,
                    "only the record that nobody has set, the wish that is none, and what the model makes nothing of");
        }
    }

    /** An operator honours the wish; the next release has nothing of it. */
    private void leaveOutAndRelease(Page page, SmallCampaign campaign, String root) throws Exception {
        page.navigate(root + "operator-optouts.html");
        signIn(page);
        assertThat(page.locator("#asked")).containsText("example.org");
        assertThat(page.locator("#asked")).containsText(HOSTILE);
        look(page, "operator-optouts");
        button(page, "Leave it out").click();
        assertThat(page.locator("#decided")).containsText("honoured");
        HandMade.call(
                root + "v1/operator/releases",
                Files.readString(folder.resolve("data/operator.token")).strip(),
                java.util.Map.of("campaign", "hand", "preset", "raw", "rowsPerFile", 1000));
        page.navigate(root + "releases.html?release=hand-raw-v1");
        assertThat(page.locator("#releases"))
                .containsText("published", new LocatorAssertions.ContainsTextOptions().setTimeout(60_000));
        assertThat(page.locator("#sums")).containsText("– opted_out");
        assertThat(page.locator("#files")).containsText("readme.md");
        look(page, "releases");
        HandMade.call(
                root + "v1/operator/releases",
                Files.readString(folder.resolve("data/operator.token")).strip(),
                java.util.Map.of("campaign", "c", "preset", "raw", "rowsPerFile", 1000));
        Programs.awaitThat(
                () -> campaign.get(campaign.trackerPort(), "/v1/releases/c-raw-v1/search?by=domain&q=127.0.0.1")
                                .statusCode()
                        == 200);
        page.navigate(root + "explore.html?release=c-raw-v1&by=domain&q=127.0.0.1");
        assertThat(page.locator("#hits li")).hasCount(50);
        page.getByLabel("Show the texts").check();
        String text = page.locator("#hits .text").first().textContent();
        look(page, "explore");
        page.locator("#hits li")
                .first()
                .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("More like this"))
                .click();
        assertThat(page.locator("#hits li").first()).isVisible();
        assertTrue(page.url().contains("by=like"), page.url());
        page.getByLabel("pairs").selectOption("words");
        page.getByLabel("for", new Page.GetByLabelOptions().setExact(true)).fill(text);
        button(page, "Look").click();
        assertThat(page.locator("#hits .text").first()).hasText(text);
        Download subset =
                page.waitForDownload(() -> page.getByText("Save what is found").click());
        assertTrue(Files.readAllLines(subset.path()).get(0).contains("\"TEXT\":\"" + text + "\""));
        page.getByLabel("pairs").selectOption("meaning");
        page.getByLabel("for", new Page.GetByLabelOptions().setExact(true)).fill("a red circle");
        button(page, "Look").click();
        assertThat(page.locator("#count"))
                .containsText("pairs of", new LocatorAssertions.ContainsTextOptions().setTimeout(60_000));
        assertThat(page.locator("#hits li").first()).isVisible();
        page.getByLabel("for", new Page.GetByLabelOptions().setExact(true)).fill("x");
        button(page, "Look").click();
        assertThat(page.locator("#count")).containsText("the model makes nothing of it");
        page.locator("input[type=file]")
                .setInputFiles(new FilePayload("red.png", "image/png", SmallCampaign.picture()));
        assertThat(page.locator("#hits li").first()).isVisible();
        look(page, "explore-picture");
        page.locator("input[type=file]").setInputFiles(new FilePayload("no.png", "image/png", new byte[50]));
        assertThat(page.locator("#count")).containsText("the model makes nothing of it");
        assertThat(page.locator("#hits li")).hasCount(0);
        page.getByLabel("pairs").selectOption("domain");
        page.getByLabel("for", new Page.GetByLabelOptions().setExact(true)).fill("127.0.0.1");
        button(page, "Look").click();
        page.getByText("Ask to leave it out").first().click();
        assertThat(page.getByLabel("Which")).hasValue(Pattern.compile("http://127.0.0.1.*"));
    }

    @Test
    void operatorsFindAndMend() throws Exception {
        try (Browsers browsers = Browsers.open();
                SmallCampaign campaign = new SmallCampaign(folder, 120)) {
            String root = root(campaign);
            Process ada = worker(campaign, "ada");
            Programs.awaitThat(() -> !ada.isAlive());
            Page page = browsers.page();
            List<String> faults = Browsers.faults(page);

            page.navigate(root + "operator-campaigns.html");
            signIn(page);
            assertThat(page.locator("#campaigns")).containsText("active");
            page.getByLabel("Name", new Page.GetByLabelOptions().setExact(true)).fill("by-hand");
            page.getByLabel("Jobs made of each WAT").fill("3");
            page.getByLabel("WAT paths, one a line").fill("a.wat.gz\nb.wat.gz\n");
            button(page, "Make it…").click();
            assertThat(page.locator("#confirm")).containsText("6 jobs");
            look(page, "operator-campaign-new");
            button(page, "Make it").click();
            Locator made = page.locator("tr[data-campaign=by-hand]");
            assertThat(made).containsText("active");
            made.getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Rules of by-hand"))
                    .click();
            Locator rules = page.getByLabel("Rules as JSON");
            String before = rules.inputValue();
            rules.fill("{");
            page.getByLabel("Why, for everybody").fill("smaller pictures are good, too");
            button(page, "Make version 2").click();
            assertThat(page.locator("dialog .trouble")).containsText("This is no JSON");
            rules.fill(before.replace("\"minImageBytes\": 5000", "\"minImageBytes\": -1"));
            button(page, "Make version 2").click();
            assertThat(page.locator("dialog .trouble")).containsText("minImageBytes must not be negative");
            rules.fill(before.replace("\"minImageBytes\": 5000", "\"minImageBytes\": 3000"));
            look(page, "operator-campaign-rules");
            button(page, "Make version 2").click();
            assertThat(made).containsText("Version 2");
            made.getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Pause"))
                    .click();
            button(page, "Pause it").click();
            assertThat(made).containsText("paused");
            page.getByLabel("Name", new Page.GetByLabelOptions().setExact(true)).fill("by-hand");
            page.getByLabel("WAT paths, one a line").fill("other.wat.gz");
            button(page, "Make it…").click();
            button(page, "Make it").click();
            assertThat(page.locator("#new-error")).containsText("exists with other paths");
            look(page, "operator-campaigns");

            page.navigate(root + "operator-jobs.html");
            page.getByLabel("WAT has").fill("b.wat");
            button(page, "Show").click();
            assertThat(page.locator("#jobs tr")).hasCount(3);
            page.getByLabel("Choose all that are shown").check();
            button(page, "Set aside…").click();
            assertThat(page.locator("#h-confirm")).hasText("Set aside 3 jobs?");
            page.locator("#reason").fill("tried in a browser");
            button(page, "Set them aside").click();
            assertThat(page.locator("#jobs tr").first()).containsText("quarantined: operator: tried in a browser");
            assertTrue(page.url().contains("wat=b.wat"), page.url());
            look(page, "operator-jobs");

            page.navigate(root + "operator.html");
            Locator aside = page.locator("#attention li[data-kind=quarantined]");
            assertThat(aside).hasCount(3);
            look(page, "operator-attention");
            aside.first()
                    .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Open it again"))
                    .click();
            assertThat(aside).hasCount(2);

            page.navigate(root + "operator-jobs.html?job=1");
            assertThat(page.locator("#h-one")).hasText("Job 1 of c: done");
            assertThat(page.locator("#attempts tr")).hasCount(1);
            look(page, "operator-job");

            page.navigate(root + "operator-workers.html?text=ada");
            Locator worker = page.locator("#workers tr");
            assertThat(worker).hasCount(1);
            worker.getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Pause"))
                    .click();
            page.locator("#reason").fill("the night is over");
            page.locator("#do").click();
            assertThat(worker).containsText("paused; told: «the night is over»");
            worker.getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Ban"))
                    .click();
            page.locator("#do").click();
            assertThat(worker).containsText("banned");
            worker.getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Let back in"))
                    .click();
            page.locator("#do").click();
            assertThat(worker).not().containsText("banned");
            assertThat(page.locator("#versions")).containsText("0%");
            look(page, "operator-workers");
            worker.locator("code").click();
            assertThat(page.locator("#machine")).containsText("Processors");
            assertThat(page.locator("#days tr")).hasCount(1);
            look(page, "operator-worker");

            page.navigate(root + "operator-audit.html");
            assertThat(page.locator("#audit")).containsText("worker-ban");
            assertThat(page.locator("#audit")).not().containsText("submit");
            look(page, "operator-audit");
            assertEquals(
                    List.of(
                            "Failed to load resource: the server responded with a status of 400 (Bad Request)",
                            "Failed to load resource: the server responded with a status of 409 (Conflict)"),
                    faults,
                    "only the rules that were none, and the campaign that was there already");
            aViewerLooksAndChangesNothing(browsers, campaign, root);
        }
    }

    private void aViewerLooksAndChangesNothing(Browsers browsers, SmallCampaign campaign, String root)
            throws Exception {
        HttpResponse<String> key = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(root + "v1/operator/keys"))
                                .header(
                                        "Authorization",
                                        "Bearer "
                                                + Files.readString(campaign.folder.resolve("data/operator.token"))
                                                        .strip())
                                .POST(HttpRequest.BodyPublishers.ofString(
                                        "{\"name\":\"vera\",\"role\":\"viewer\",\"days\":1}"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        String token = key.body().replaceAll("(?s).*\"token\" ?: ?\"([0-9a-f]+)\".*", "$1");
        Page page = browsers.page();
        page.navigate(root + "operator-workers.html");
        page.getByLabel("Token of an operator or viewer").fill(token);
        button(page, "Sign in").click();
        assertThat(page.locator("#desk-nav")).containsText("who may look only");
        assertThat(page.locator("#workers")).containsText("ada");
        assertEquals(0, page.locator("#workers button").count());
        page.navigate(root + "operator.html");
        assertThat(page.locator("#attention li[data-kind=quarantined]")).hasCount(2);
        assertEquals(0, page.locator("#attention button").count());
        assertThat(page.locator("#take")).isHidden();
        button(page, "Sign out").click();
        assertThat(page.locator("#sign-in")).isVisible();
    }

    @Test
    void aHundredThousandJobsStayAtHand() throws Exception {
        try (Browsers browsers = Browsers.open();
                SmallCampaign campaign = new SmallCampaign(folder, 120)) {
            campaign.create(
                    "large",
                    IntStream.range(0, 10_000)
                            .mapToObj(n -> "crawl/" + n + ".wat.gz")
                            .toList(),
                    10);
            String root = root(campaign);
            Page page = browsers.page();
            List<String> faults = Browsers.faults(page);
            long began = System.nanoTime();
            page.navigate(root + "field.html?campaign=large");
            assertThat(page.locator("#scale")).hasText("a cell is 4 jobs");
            assertThat(page.locator("#field")).hasAttribute("data-drawn", Pattern.compile("[0-9]{5}"));
            System.out.println("field of 100,000 jobs: drawn after ms=" + (System.nanoTime() - began) / 1_000_000);
            look(page, "field-large");
            button(page, "Zoom in").click();
            assertThat(page.locator("#scale")).hasText("a cell is a job");
            page.getByLabel("Go to place").fill("99999");
            page.getByLabel("Go to place").press("Enter");
            assertThat(page.locator("#cell")).containsText("Place 99,999: job");
            // What a script of the page waits longest for while it is drawn again and again.
            Number longest = (Number) page.evaluate("async () => { const field = document.getElementById('field');"
                    + " let longest = 0; for (let i = 0; i < 60; i++) { const before = performance.now();"
                    + " field.scrollTop = (i % 20) * 200; await new Promise(requestAnimationFrame);"
                    + " longest = Math.max(longest, performance.now() - before); } return longest; }");
            System.out.println("field of 100,000 jobs: longest frame ms=" + longest);

            page.navigate(root + "operator-jobs.html?campaign=large&wat=/77");
            began = System.nanoTime();
            signIn(page);
            assertThat(page.locator("#count")).containsText("1,110 jobs match; 200 are shown");
            System.out.println("search among 100,000 jobs: ms=" + (System.nanoTime() - began) / 1_000_000);
            page.getByText("The next ones").click();
            assertThat(page.locator("#jobs tr").first()).isVisible();
            assertTrue(page.url().contains("after="), page.url());
            assertEquals(List.of(), faults, "nothing went wrong on the pages");
        }
    }
}
