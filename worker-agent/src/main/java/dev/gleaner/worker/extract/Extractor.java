package dev.gleaner.worker.extract;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.result.CandidateDigest;
import dev.gleaner.protocol.result.ExtractDrop;
import dev.gleaner.worker.url.WebUrl;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Applies the extraction rules ({@code docs/extraction.md}) to the records of one slice, in order.
 *
 * <p>Remembers the addresses of the slice to find duplicates: some 100 bytes each. One slice, one thread.
 */
public final class Extractor {
    private final Policy policy;
    private final Set<String> paths;
    private final Consumer<Candidate> sink;
    private final ExtractCounts counts = new ExtractCounts();
    private final CandidateDigest digest = new CandidateDigest();
    private final Set<String> seen = new HashSet<>();
    private long member = -1;
    private int index;

    /** @param sink takes each candidate, in the order of the WAT */
    public Extractor(Policy policy, Consumer<Candidate> sink) {
        this.policy = policy;
        this.paths = Set.copyOf(policy.linkPaths());
        this.sink = sink;
    }

    /**
     * Takes the block of one metadata record.
     *
     * @param offset where in the WAT the record's gzip member starts
     * @return false when the block's JSON does not parse; nothing of it was counted then
     */
    public boolean accept(long offset, byte[] bytes, int start, int length) {
        PageLinks page;
        try {
            page = PageLinksParser.parse(bytes, start, length, paths);
        } catch (IOException e) {
            return false;
        }
        if (offset != member) {
            member = offset;
            index = 0;
        }
        if (page != null) {
            WebUrl base = base(page);
            for (PageLinks.ImageLink image : page.images()) {
                counts.image();
                ExtractDrop dropped = judge(page, base, image, offset, index++);
                if (dropped != null) {
                    counts.drop(dropped);
                }
            }
        }
        return true;
    }

    public ExtractCounts counts() {
        return counts;
    }

    public CandidateDigest digest() {
        return digest;
    }

    /** Rule 2. */
    private static @Nullable WebUrl base(PageLinks page) {
        WebUrl target = page.target() == null ? null : WebUrl.parse(page.target(), null);
        if (page.base() == null) {
            return target;
        }
        WebUrl base = WebUrl.parse(page.base(), target);
        return base == null ? target : base;
    }

    private @Nullable ExtractDrop judge(
            PageLinks page, @Nullable WebUrl base, PageLinks.ImageLink image, long offset, int place) {
        String text = AltText.clean(image.alt() == null ? "" : image.alt(), policy.maxTextCodePoints());
        if (text.isEmpty()) {
            return ExtractDrop.NO_TEXT;
        }
        if (text.codePointCount(0, text.length()) < policy.minTextCodePoints()) {
            return ExtractDrop.SHORT_TEXT;
        }
        String link = image.url() == null ? "" : image.url().strip().replace("&amp;", "&");
        WebUrl parsed = link.isEmpty() ? null : WebUrl.parse(link, base);
        if (parsed == null || parsed.host() == null || parsed.host().isEmpty()) {
            return ExtractDrop.BAD_URL;
        }
        if (!parsed.isHttp()) {
            return ExtractDrop.BAD_SCHEME;
        }
        String url = parsed.withoutFragment().toString();
        if (url.length() > policy.maxUrlLength()) {
            return ExtractDrop.LONG_URL;
        }
        if (policy.skippedExtensions().contains(parsed.extension())) {
            return ExtractDrop.IMAGE_TYPE;
        }
        if (blockedHost(parsed.host()) || policy.blockedUrls().contains(url)) {
            return ExtractDrop.BLOCKED;
        }
        if (!seen.add(url)) {
            return ExtractDrop.DUPLICATE;
        }
        counts.candidate();
        digest.add(url, text);
        String pageAddress = page.target() == null ? "" : page.target();
        sink.accept(new Candidate(url, text, pageAddress, page.license(), page.language(), offset, place));
        return null;
    }

    /** A blocked host blocks its subdomains too. */
    private boolean blockedHost(String host) {
        if (policy.blockedHosts().isEmpty()) {
            return false;
        }
        for (String name = host; ; name = name.substring(name.indexOf('.') + 1)) {
            if (policy.blockedHosts().contains(name)) {
                return true;
            }
            if (name.indexOf('.') < 0) {
                return false;
            }
        }
    }
}
