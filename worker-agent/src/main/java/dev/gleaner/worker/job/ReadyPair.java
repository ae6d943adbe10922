package dev.gleaner.worker.job;

import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.worker.extract.Candidate;
import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.shard.PreparedPicture;
import java.time.Instant;

/**
 * A candidate with its picture, ready to be scored.
 *
 * @param pixels as {@link dev.gleaner.worker.image.Preprocessor#prepare} makes them
 * @param tokens of the text; empty where nobody scores
 */
record ReadyPair(Candidate candidate, Facts facts, byte[] pixels, long[] tokens) {
    /** What is known of a picture once its file is not needed any more. */
    record Facts(ImageHeader header, int bytes, ImageHashes hashes, int status, Instant at) {}

    PreparedPicture prepared(String watPath) {
        return new PreparedPicture(
                candidate.url(),
                candidate.text(),
                facts.header().width(),
                facts.header().height(),
                candidate.license(),
                candidate.page(),
                watPath,
                candidate.offset(),
                candidate.index(),
                facts.hashes(),
                facts.bytes(),
                facts.header().format().name(),
                candidate.language(),
                facts.at(),
                facts.status(),
                pixels);
    }
}
