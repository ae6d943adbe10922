package dev.gleaner.worker.job;

import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.worker.clip.ClipModel;
import dev.gleaner.worker.clip.ClipSession;
import dev.gleaner.worker.clip.Heads;
import dev.gleaner.worker.clip.UnknownTextException;
import dev.gleaner.worker.extract.Candidate;
import dev.gleaner.worker.image.PerceptualHash;
import dev.gleaner.worker.language.TextLanguage;
import dev.gleaner.worker.pipeline.Channel;
import dev.gleaner.worker.shard.KeptPair;
import dev.gleaner.worker.spool.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/** The last stage of a job that ends in pairs: embeds pictures and texts, keeps those that match. */
final class Scorer {
    private static final long BATCH_LINGER_MILLIS = 200;

    private final Lease lease;
    private final ClipModel model;
    private final LineSettings settings;
    private final Outcomes outcomes;

    Scorer(Lease lease, ClipModel model, LineSettings settings, Outcomes outcomes) {
        this.lease = lease;
        this.model = model;
        this.settings = settings;
        this.outcomes = outcomes;
    }

    /** Threads that do best together. */
    int threads() {
        return model.sessions(settings.scorers());
    }

    long[] tokens(String text) throws UnknownTextException {
        return model.tokenizer().idsOfAnything(text);
    }

    /** Scores all that comes; on each of {@link #threads} threads at once. */
    void run(Channel<ReadyPair> ready) throws InterruptedException, IOException {
        int most = Math.min(settings.window(), model.batch(settings.batch()));
        try (ClipSession session = model.newSession();
                Heads.Session heads = model.newHeads()) {
            while (true) {
                List<ReadyPair> batch = ready.takeAlike(most, BATCH_LINGER_MILLIS, r -> r.tokens().length);
                if (batch.isEmpty()) {
                    return;
                }
                float[][] images =
                        session.images(batch.stream().map(ReadyPair::pixels).toList());
                float[][] texts =
                        session.tokens(batch.stream().map(ReadyPair::tokens).toList());
                List<PictureMarks> marks = heads.marks(List.of(images));
                for (int i = 0; i < batch.size(); i++) {
                    settle(batch.get(i), images[i], ClipSession.similarity(images[i], texts[i]), marks.get(i));
                }
            }
        }
    }

    private void settle(ReadyPair scored, float[] embedding, float similarity, PictureMarks marks) throws IOException {
        Candidate candidate = scored.candidate();
        outcomes.settle(
                similarity < lease.policy().threshold()
                        ? new Outcome.Dropped(
                                candidate.offset(),
                                candidate.index(),
                                scored.facts().bytes(),
                                PairDrop.BELOW_THRESHOLD)
                        : new Outcome.Kept(row(scored, embedding, similarity, marks)));
    }

    private KeptPair row(ReadyPair r, float[] embedding, float similarity, PictureMarks marks) {
        Candidate c = r.candidate();
        ReadyPair.Facts facts = r.facts();
        return new KeptPair(
                sampleId(lease.watPath(), c.offset(), c.index()),
                c.url(),
                c.text(),
                facts.header().width(),
                facts.header().height(),
                c.license(),
                marks,
                similarity,
                c.page(),
                lease.watPath(),
                c.offset(),
                c.index(),
                facts.hashes().withPerceptual(PerceptualHash.of(r.pixels())),
                facts.bytes(),
                facts.header().format().name(),
                c.language(),
                TextLanguage.of(c.text()),
                facts.at(),
                facts.status(),
                lease.bundle(),
                embedding);
    }

    /** The first 63 bits of SHA-256 over path, offset and index: the same pair has the same id in every attempt. */
    static long sampleId(String watPath, long offset, int index) {
        byte[] place = (watPath + "\n" + offset + "\n" + index).getBytes(StandardCharsets.UTF_8);
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(place))
                            .getLong()
                    >>> 1;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
