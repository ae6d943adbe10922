package dev.gleaner.worker.extract;

import org.jspecify.annotations.Nullable;

/**
 * A link that passed the extraction rules.
 *
 * @param url the picture's absolute address, without fragment
 * @param text the alt text, cleaned
 * @param page the page's own address, as the WAT gives it
 * @param license address of the page's Creative Commons licence, or null
 * @param language the page's {@code lang} attribute where the WAT carries it, or null
 * @param offset where in the WAT the record's gzip member starts
 * @param index of the link among the image links of the member, from 0
 */
public record Candidate(
        String url,
        String text,
        String page,
        @Nullable String license,
        @Nullable String language,
        long offset,
        int index) {}
