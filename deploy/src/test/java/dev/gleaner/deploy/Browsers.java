package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.ColorScheme;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;

/** A Chromium of this machine, driven by Playwright; tests skip where there is none. Close it when done. */
final class Browsers implements AutoCloseable {
    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome");
    /** With what the page is waited for on a busy machine. */
    private static final double PATIENCE_MILLIS = 40_000;

    /** Where tests leave pictures of what they saw. */
    private static final Path PICTURES = Path.of("target", "pages");

    private final Playwright playwright;
    private final Browser browser;

    private Browsers(Path executable) {
        playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        browser = playwright
                .chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(executable)
                        .setArgs(List.of("--no-sandbox", "--disable-dev-shm-usage")));
    }

    static Browsers open() {
        Optional<Path> found = executable();
        assumeTrue(
                found.isPresent(), "no Chromium here (apt-get install chromium): the page is not tried in a browser");
        PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MILLIS);
        return new Browsers(found.get());
    }

    private static Optional<Path> executable() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(java.io.File.pathSeparator))
                .flatMap(folder -> NAMES.stream().map(name -> Paths.get(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    Page page() {
        Page page = browser.newContext().newPage();
        page.setDefaultTimeout(PATIENCE_MILLIS);
        return page;
    }

    /** What goes wrong on the page from now on: errors of its scripts and in its console, but for refused sign-ins. */
    static List<String> faults(Page page) {
        List<String> faults = new ArrayList<>();
        page.onConsoleMessage(message -> {
            if (message.type().equals("error") && !message.text().contains("401")) {
                faults.add(message.text());
            }
        });
        page.onPageError(faults::add);
        return faults;
    }

    /** A page as on a small telephone, in the dark. */
    Page telephone() {
        Page page = browser.newContext(new Browser.NewContextOptions()
                        .setViewportSize(360, 740)
                        .setDeviceScaleFactor(2)
                        .setColorScheme(ColorScheme.DARK))
                .newPage();
        page.setDefaultTimeout(PATIENCE_MILLIS);
        return page;
    }

    /**
     * What axe finds serious or critical on the page, one line each.
     *
     * @see <a href="https://github.com/dequelabs/axe-core">axe-core</a>
     */
    static List<String> barriers(Page page) {
        page.evaluate(axe());
        Object found = page.evaluate("async () => (await axe.run()).violations"
                + ".filter(v => v.impact === 'serious' || v.impact === 'critical')"
                + ".map(v => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 150)).join(' | ')}`)");
        return ((List<?>) found).stream().map(String::valueOf).toList();
    }

    private static String axe() {
        try {
            Properties pom = new Properties();
            try (InputStream in = resource("/META-INF/maven/org.webjars.npm/axe-core/pom.properties")) {
                pom.load(in);
            }
            String path = "/META-INF/resources/webjars/axe-core/" + pom.getProperty("version") + "/axe.min.js";
            try (InputStream in = resource(path)) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InputStream resource(String path) {
        return Objects.requireNonNull(Browsers.class.getResourceAsStream(path), path);
    }

    static void picture(Page page, String name) {
        page.screenshot(new Page.ScreenshotOptions()
                .setPath(PICTURES.resolve(name + ".png"))
                .setFullPage(true));
    }

    @Override
    public void close() {
        browser.close();
        playwright.close();
    }
}
