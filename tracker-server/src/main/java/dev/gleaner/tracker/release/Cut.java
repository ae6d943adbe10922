package dev.gleaner.tracker.release;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * What the survey decides: from which similarity on each part is taken, and in how many files.
 *
 * @param fromBin by part, see {@link Survey}
 * @param files by part; none for an empty one
 */
public record Cut(ArrayList<Integer> fromBin, ArrayList<Integer> files) implements Serializable {
    /** Decides. */
    public static Cut of(Survey survey, Preset preset, int rowsPerFile) {
        ArrayList<Integer> fromBin = new ArrayList<>();
        ArrayList<Integer> files = new ArrayList<>();
        for (int part = 0; part < preset.parts().size(); part++) {
            Double share = preset.topShare();
            int bin = share == null ? 0 : survey.topBin(part, share);
            long rows = survey.taken(part, bin);
            fromBin.add(bin);
            files.add((int) Math.min(Integer.MAX_VALUE, (rows + rowsPerFile - 1) / rowsPerFile));
        }
        return new Cut(fromBin, files);
    }

    /** Whether a part takes pairs of this similarity. */
    public boolean takes(int part, float similarity) {
        return Survey.bin(similarity) >= fromBin.get(part);
    }

    /**
     * Number of the file, counted over all parts, in which a pair of this rank belongs: files are of even size, and follow each other
     * in the order of ranks.
     */
    public int file(int part, byte[] rank) {
        long top = ((rank[0] & 0xffL) << 24) | ((rank[1] & 0xffL) << 16) | ((rank[2] & 0xffL) << 8) | (rank[3] & 0xffL);
        return before(part) + (int) ((top * files.get(part)) >>> 32);
    }

    private int before(int part) {
        int sum = 0;
        for (int i = 0; i < part; i++) {
            sum += files.get(i);
        }
        return sum;
    }

    /** Names of all files, without ending, in order. */
    public List<String> names(Preset preset) {
        List<String> names = new ArrayList<>();
        for (int part = 0; part < files.size(); part++) {
            for (int i = 0; i < files.get(part); i++) {
                names.add(String.format("%s-%05d", preset.parts().get(part).name(), i));
            }
        }
        return names;
    }
}
