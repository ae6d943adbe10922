package dev.gleaner.worker.fuzz;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.worker.extract.Candidate;
import dev.gleaner.worker.extract.Extractor;
import dev.gleaner.worker.url.WebUrl;
import java.util.ArrayList;
import java.util.List;

/** A record's JSON: its candidates have addresses that mean the same when they are read again, and texts within their length. */
public final class LinksTarget implements Target {
    private static final Target SELF = new LinksTarget();

    @Override
    public void take(byte[] bytes) {
        List<Candidate> found = new ArrayList<>();
        Policy policy = Policy.laion400m();
        Extractor extractor = new Extractor(policy, found::add);
        boolean read = extractor.accept(0, bytes, 0, bytes.length);
        if (!read && !found.isEmpty()) {
            throw new AssertionError("candidates of a record that does not parse");
        }
        for (Candidate candidate : found) {
            WebUrl url = WebUrl.parse(candidate.url(), null);
            if (url == null
                    || !url.toString().equals(candidate.url())
                    || candidate.url().length() > policy.maxUrlLength()) {
                throw new AssertionError("an address that is none: " + candidate.url());
            }
            int length = candidate.text().codePointCount(0, candidate.text().length());
            if (length < policy.minTextCodePoints() || length > policy.maxTextCodePoints()) {
                throw new AssertionError("a text of " + length);
            }
        }
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        ((LinksTarget) SELF).take(bytes);
    }
}
