package dev.gleaner.worker.tracker;

import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.lease.Marks;
import dev.gleaner.protocol.lease.Screen;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.worker.extract.Candidate;
import dev.gleaner.worker.job.Screening;
import dev.gleaner.worker.url.WebUrl;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Asks the tracker about a lease's links and pictures, by their marks. Safe for any thread. */
final class TrackerScreening implements Screening {
    private static final byte[] NONE = {};
    /** Of one link; a request must not grow without bound by names of a hundred labels. */
    private static final int MOST_SITES = 9;

    private final Lease lease;
    private final Tracker tracker;

    /** Who answers. */
    @FunctionalInterface
    interface Tracker {
        Screen.Response screen(Lease lease, Screen.Request request) throws IOException;
    }

    TrackerScreening(Lease lease, Tracker tracker) {
        this.lease = lease;
        this.tracker = tracker;
    }

    @Override
    public boolean isNeeded() {
        return lease.asks();
    }

    @Override
    public Links links(List<Candidate> candidates) throws IOException {
        BitSet leftOut = new BitSet();
        BitSet known = new BitSet();
        for (int from = 0; from < candidates.size(); from += Screen.MAX) {
            List<Candidate> some = candidates.subList(from, Math.min(from + Screen.MAX, candidates.size()));
            ask(some, from, leftOut, known);
        }
        return new Links(leftOut, known);
    }

    private void ask(List<Candidate> some, int from, BitSet leftOut, BitSet known) throws IOException {
        long[] links = new long[some.size() * Screen.MARKS_A_LINK];
        Places sites = new Places();
        Places pages = new Places();
        for (int i = 0; i < some.size(); i++) {
            Candidate candidate = some.get(i);
            links[i * Screen.MARKS_A_LINK] = Marks.of("MD5", candidate.url());
            links[i * Screen.MARKS_A_LINK + 1] = Marks.of("SHA-1", candidate.url());
            links[i * Screen.MARKS_A_LINK + 2] = Marks.of(candidate.url());
            pages.add(candidate.page(), i);
            for (String site : sites(candidate.url())) {
                sites.add(site, i);
            }
        }
        Screen.Response answer =
                tracker.screen(lease, new Screen.Request(Marks.bytes(links), sites.marks(), pages.marks(), NONE));
        for (int link : answer.links()) {
            mark(leftOut, link, some.size(), from);
        }
        for (int link : answer.known()) {
            mark(known, link, some.size(), from);
        }
        sites.of(answer.sites()).forEach(link -> leftOut.set(from + link));
        pages.of(answer.pages()).forEach(link -> leftOut.set(from + link));
    }

    @Override
    public BitSet pictures(List<ImageHashes> pictures) throws IOException {
        BitSet leftOut = new BitSet();
        for (int from = 0; from < pictures.size(); from += Screen.MAX) {
            List<ImageHashes> some = pictures.subList(from, Math.min(from + Screen.MAX, pictures.size()));
            long[] marks = new long[some.size() * Screen.MARKS_A_PICTURE];
            for (int i = 0; i < some.size(); i++) {
                ImageHashes hashes = some.get(i);
                long sha256 = Marks.ofDigest(hashes.sha256());
                marks[i * Screen.MARKS_A_PICTURE] = Marks.ofDigest(hashes.md5());
                // Batches of earlier versions have no SHA-1; what is asked instead asks nothing new.
                marks[i * Screen.MARKS_A_PICTURE + 1] = hashes.sha1() == null ? sha256 : Marks.ofDigest(hashes.sha1());
                marks[i * Screen.MARKS_A_PICTURE + 2] = sha256;
            }
            Screen.Response answer = tracker.screen(lease, new Screen.Request(NONE, NONE, NONE, Marks.bytes(marks)));
            for (int picture : answer.pictures()) {
                mark(leftOut, picture, some.size(), from);
            }
        }
        return leftOut;
    }

    private static void mark(BitSet places, int place, int size, int from) throws IOException {
        if (place < 0 || place >= size) {
            throw new IOException("the tracker answers for what was not asked");
        }
        places.set(from + place);
    }

    /** The host of an address and the domains above it that have a dot; of many, the host and the shortest. */
    static List<String> sites(String url) {
        WebUrl parsed = WebUrl.parse(url, null);
        String host = parsed == null ? null : parsed.host();
        List<String> sites = new ArrayList<>();
        String name = host == null ? "" : host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
        while (name.indexOf('.') >= 0) {
            sites.add(name);
            name = name.substring(name.indexOf('.') + 1);
        }
        if (sites.size() > MOST_SITES) {
            sites.subList(1, sites.size() - MOST_SITES + 1).clear();
        }
        return sites;
    }

    /** Names, each once, and which links have them. */
    private static final class Places {
        private final Map<String, List<Integer>> links = new LinkedHashMap<>();

        void add(String name, int link) {
            links.computeIfAbsent(name, n -> new ArrayList<>()).add(link);
        }

        byte[] marks() {
            return Marks.bytes(links.keySet().stream().mapToLong(Marks::of).toArray());
        }

        List<Integer> of(List<Integer> places) throws IOException {
            List<List<Integer>> all = new ArrayList<>(links.values());
            List<Integer> found = new ArrayList<>();
            for (int place : places) {
                if (place < 0 || place >= all.size()) {
                    throw new IOException("the tracker answers for what was not asked");
                }
                found.addAll(all.get(place));
            }
            return found;
        }
    }
}
