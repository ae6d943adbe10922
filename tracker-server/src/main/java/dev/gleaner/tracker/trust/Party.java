package dev.gleaner.tracker.trust;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who may stand behind a worker: two workers that share any of it may be one person, and cannot vouch for each other. */
public final class Party {
    private Party() {}

    /**
     * Marks of a worker's party.
     *
     * @param team or null
     * @param address it registered from, or null when that says nothing
     */
    public static List<String> of(String worker, String nickname, @Nullable String team, @Nullable String address) {
        List<String> marks = new ArrayList<>(List.of("worker " + worker, "name " + nickname));
        if (team != null) {
            marks.add("team " + team);
        }
        if (address != null) {
            marks.add("address " + address);
        }
        return List.copyOf(marks);
    }

    /** Whether two may be one. */
    public static boolean isShared(List<String> marks, List<String> others) {
        return !Collections.disjoint(marks, others);
    }
}
