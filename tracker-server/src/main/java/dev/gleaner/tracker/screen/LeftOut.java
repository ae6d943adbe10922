package dev.gleaner.tracker.screen;

import dev.gleaner.protocol.lease.Marks;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.tracker.release.OptOuts;
import dev.gleaner.tracker.release.OptOuts.Kind;
import dev.gleaner.tracker.release.OptOuts.OptOut;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** Wishes to be left out as workers ask for them: by {@link Marks}, eight bytes each. Immutable. */
public final class LeftOut {
    public static final LeftOut NOTHING = new LeftOut(List.of());

    private final long[] links;
    private final long[] sites;
    private final long[] pages;
    private final long[] pictures;

    public LeftOut(Collection<OptOut> wishes) {
        links = sorted(wishes, Set.of(Kind.URL, Kind.ADDRESS));
        sites = sorted(wishes, Set.of(Kind.DOMAIN));
        pages = sorted(wishes, Set.of(Kind.PAGE));
        pictures = sorted(wishes, Set.of(Kind.IMAGE));
    }

    private static long[] sorted(Collection<OptOut> wishes, Set<Kind> kinds) {
        return wishes.stream()
                .filter(wish -> kinds.contains(wish.kind()))
                .mapToLong(LeftOut::mark)
                .sorted()
                .distinct()
                .toArray();
    }

    private static long mark(OptOut wish) {
        return switch (wish.kind()) {
            case URL, DOMAIN, PAGE -> Marks.of(wish.value());
            case ADDRESS, IMAGE -> Marks.ofDigest(wish.value());
        };
    }

    /** Whether nobody wants anything left out. */
    public boolean isEmpty() {
        return links.length + sites.length + pages.length + pictures.length == 0;
    }

    /** Whether somebody asked to leave out a pair with this address or picture. */
    public boolean covers(String url, ImageHashes image) {
        if (isEmpty()) {
            return false;
        }
        String host = OptOuts.host(url);
        for (String site = host; site.indexOf('.') >= 0; site = site.substring(site.indexOf('.') + 1)) {
            if (has(sites, Marks.of(site))) {
                return true;
            }
        }
        return OptOuts.ADDRESS_DIGESTS.stream().anyMatch(algorithm -> has(links, Marks.of(algorithm, url)))
                || image.digests().stream().anyMatch(digest -> has(pictures, Marks.ofDigest(digest)));
    }

    private static boolean has(long[] wanted, long mark) {
        return Arrays.binarySearch(wanted, mark) >= 0;
    }

    /** Places of the links of which one of the marks is that of a wish. */
    public List<Integer> links(long[] marks, int marksEach) {
        return places(links, marks, marksEach);
    }

    public List<Integer> sites(long[] marks) {
        return places(sites, marks, 1);
    }

    public List<Integer> pages(long[] marks) {
        return places(pages, marks, 1);
    }

    /** As {@link #links}. */
    public List<Integer> pictures(long[] marks, int marksEach) {
        return places(pictures, marks, marksEach);
    }

    private static List<Integer> places(long[] wanted, long[] marks, int marksEach) {
        List<Integer> found = new ArrayList<>();
        for (int place = 0; wanted.length > 0 && place < marks.length / marksEach; place++) {
            for (int i = place * marksEach; i < (place + 1) * marksEach; i++) {
                if (has(wanted, marks[i])) {
                    found.add(place);
                    break;
                }
            }
        }
        return found;
    }
}
