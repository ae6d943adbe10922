package dev.gleaner.deploy.demo;

import java.util.Random;

/**
 * The pages of the demo's web: captions and picture links with the faults of the real web sprinkled in. The same seed gives the
 * same pages, so that two runs find the same candidates.
 */
public final class DemoPages {
    /** Ways in which a picture's link leads to trouble; each is a path of {@link DemoWeb}. */
    static final String[] FAULTS = {
        "missing",
        "redirects",
        "slow",
        "truncated",
        "wrong-type",
        "bomb",
        "private",
        "noai",
        "endless",
        "tiny",
        "not-an-image",
        "loop"
    };

    private final String origin;

    /** @param origin where the pictures lie, e.g. {@code http://127.0.0.1:18099} */
    public DemoPages(String origin) {
        this.origin = origin;
    }

    /** The scene of a picture by its number. */
    static Scene scene(long picture) {
        return Scene.random(new Random(picture * 31 + 7));
    }

    String url(int file, int page) {
        return origin + "/pages/" + file + "/" + page + ".html";
    }

    /** The page's HTML. */
    String html(int file, int page, int pictures) {
        Random random = new Random(file * 1_000_003L + page);
        StringBuilder html = new StringBuilder("<!doctype html><html lang=\"en\"><head><title>Shapes ")
                .append(page)
                .append("</title></head><body>\n");
        if (page % 3 == 0) {
            html.append("<a rel=\"license\" href=\"https://creativecommons.org/licenses/by/4.0/\">CC BY</a>\n");
        }
        for (int i = 0; i < pictures; i++) {
            long number = (file * 10_000L + page) * 100 + i;
            Scene scene = scene(number);
            String said = random.nextInt(10) < 7
                    ? scene.caption()
                    : scene.other(random).caption();
            String format = number % 4 == 0 ? "png" : "jpg";
            img(
                    html,
                    "/img/" + number + "." + format,
                    random.nextInt(12) == 0 ? said.replace(" a ", " a&nbsp;") : said);
        }
        long any = (file * 10_000L + page) * 100 + 50;
        String fault = FAULTS[(file * 7 + page) % FAULTS.length];
        img(html, "/fault/" + fault + "/" + any + ".jpg", scene(any).caption());
        img(html, "/img/" + (any - 50) + ".jpg", "red");
        img(html, "/img/" + (any + 1) + ".jpg", "");
        img(html, "/img/" + (any + 2) + ".svg", scene(any).caption());
        img(html, "/img/" + (any + 3) + ".jpg?a=1&amp;b=2", scene(any + 3).caption());
        img(html, "/img/" + (any + 3) + ".jpg?a=1&amp;b=2#again", scene(any + 3).caption());
        img(html, "data:image/png;base64,AAAA", scene(any).caption());
        return html.append("</body></html>\n").toString();
    }

    private static void img(StringBuilder html, String src, String alt) {
        html.append("<img src=\"").append(src).append("\" alt=\"").append(alt).append("\">\n");
    }
}
