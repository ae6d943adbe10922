package dev.gleaner.worker.clip;

import java.util.List;
import java.util.Optional;

/**
 * Marks a picture by comparing its embedding with those of category prompts, as the LAION effort did: of the two nearest
 * categories, none unsafe gives {@code UNLIKELY}, both give {@code NSFW}, one gives {@code UNSURE}. Immutable.
 */
public final class SafetyHead {
    static final SafetyHead NONE = new SafetyHead(List.of());

    private record Category(boolean safe, float[] embedding) {}

    private final List<Category> categories;

    private SafetyHead(List<Category> categories) {
        this.categories = categories;
    }

    static SafetyHead of(BundleManifest.SafetyCategories found) throws BundleException {
        if (found.categories().size() < 2) {
            throw new BundleException("a safety head needs two categories or more");
        }
        return new SafetyHead(found.categories().stream()
                .map(c -> new Category(c.safe(), GoldenTest.floats(c.embedding())))
                .toList());
    }

    /** The mark, or empty when the bundle has no safety head. */
    public Optional<String> mark(float[] image) {
        if (categories.isEmpty()) {
            return Optional.empty();
        }
        Category first = null;
        Category second = null;
        double best = Double.NEGATIVE_INFINITY;
        double next = Double.NEGATIVE_INFINITY;
        for (Category category : categories) {
            double likeness = ClipSession.similarity(image, category.embedding);
            if (likeness > best) {
                second = first;
                next = best;
                first = category;
                best = likeness;
            } else if (likeness > next) {
                second = category;
                next = likeness;
            }
        }
        if (first == null || second == null) {
            throw new IllegalStateException("the embedding compares with nothing");
        }
        int unsafe = (first.safe ? 0 : 1) + (second.safe ? 0 : 1);
        return Optional.of(unsafe == 0 ? "UNLIKELY" : unsafe == 2 ? "NSFW" : "UNSURE");
    }
}
