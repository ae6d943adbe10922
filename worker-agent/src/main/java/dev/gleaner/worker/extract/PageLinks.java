package dev.gleaner.worker.extract;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a WAT record says of one page, as far as the rules need it.
 *
 * @param target the page's address
 * @param base {@code Head.Base}, or null
 * @param language the page's language hint, or null
 * @param license the first link with a Creative Commons licence in it, or null
 * @param images links of the policy's paths, in order
 */
record PageLinks(
        @Nullable String target,
        @Nullable String base,
        @Nullable String language,
        @Nullable String license,
        List<ImageLink> images) {

    /**
     * One image link as it stands in the record.
     *
     * @param url null when the link has none
     * @param alt null when the link has none
     */
    record ImageLink(@Nullable String url, @Nullable String alt) {}
}
