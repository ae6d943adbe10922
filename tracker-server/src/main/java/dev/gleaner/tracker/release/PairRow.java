package dev.gleaner.tracker.release;

import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/**
 * A pair with where it comes from. What a shard says of it, see {@code docs/dataset.md}, and whose result the shard is.
 *
 * @param fetchedAt UTC milliseconds
 * @param embedding half precision numbers, little-endian
 * @param token the attempt's fencing token
 */
public record PairRow(
        long sampleId,
        String url,
        String text,
        int width,
        int height,
        @Nullable String license,
        PictureMarks marks,
        float similarity,
        String pageUrl,
        String watPath,
        long watOffset,
        ImageHashes hashes,
        int imageBytes,
        String format,
        @Nullable String language,
        @Nullable String textLanguage,
        long fetchedAt,
        int httpStatus,
        String modelId,
        ByteBuffer embedding,
        long job,
        String token,
        String worker) {
    /** Length of {@link #rank}. */
    static final int RANK_BYTES = 16;

    /** Bytes of the rank and of {@code SAMPLE_ID}, by which packed rows are sorted. */
    static final int KEY_BYTES = RANK_BYTES + Long.BYTES;

    /**
     * What pairs of one address and text have in common and others have not, and the pair's place in the shuffled order: the first 16
     * bytes of SHA-256 over both. So duplicates meet, and the order says nothing of where a pair comes from.
     */
    public byte[] rank() {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(url.getBytes(StandardCharsets.UTF_8));
            sha256.update((byte) '\n');
            byte[] digest = sha256.digest(text.getBytes(StandardCharsets.UTF_8));
            return java.util.Arrays.copyOf(digest, RANK_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The row as bytes that begin with its rank and id, in an order that sorts as unsigned bytes. */
    public byte[] pack() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512 + embedding.remaining());
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.write(rank());
            out.writeLong(sampleId);
            text(out, url);
            text(out, text);
            out.writeInt(width);
            out.writeInt(height);
            text(out, license);
            text(out, marks.nsfw());
            number(out, marks.aesthetic());
            number(out, marks.watermark());
            out.writeFloat(similarity);
            text(out, pageUrl);
            text(out, watPath);
            out.writeLong(watOffset);
            text(out, hashes.sha256());
            text(out, hashes.md5());
            text(out, hashes.sha1());
            number(out, hashes.perceptual());
            out.writeInt(imageBytes);
            text(out, format);
            text(out, language);
            text(out, textLanguage);
            out.writeLong(fetchedAt);
            out.writeInt(httpStatus);
            text(out, modelId);
            byte[] numbers = new byte[embedding.remaining()];
            embedding.duplicate().get(numbers);
            out.writeInt(numbers.length);
            out.write(numbers);
            out.writeLong(job);
            text(out, token);
            text(out, worker);
        } catch (IOException e) {
            throw new UncheckedIOException("memory can be written to", e);
        }
        return bytes.toByteArray();
    }

    static PairRow unpack(byte[] bytes, int from, int length) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes, from, length))) {
            in.skipNBytes(RANK_BYTES);
            return new PairRow(
                    in.readLong(),
                    required(in),
                    required(in),
                    in.readInt(),
                    in.readInt(),
                    text(in),
                    new PictureMarks(text(in), real(in), real(in)),
                    in.readFloat(),
                    required(in),
                    required(in),
                    in.readLong(),
                    new ImageHashes(required(in), required(in), text(in), whole(in)),
                    in.readInt(),
                    required(in),
                    text(in),
                    text(in),
                    in.readLong(),
                    in.readInt(),
                    required(in),
                    ByteBuffer.wrap(in.readNBytes(in.readInt())),
                    in.readLong(),
                    required(in),
                    required(in));
        } catch (IOException e) {
            throw new UncheckedIOException("a packed row is broken", e);
        }
    }

    private static void text(DataOutputStream out, @Nullable String text) throws IOException {
        if (text == null) {
            out.writeInt(-1);
            return;
        }
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(utf8.length);
        out.write(utf8);
    }

    private static void number(DataOutputStream out, @Nullable Float number) throws IOException {
        out.writeBoolean(number != null);
        if (number != null) {
            out.writeFloat(number);
        }
    }

    private static void number(DataOutputStream out, @Nullable Long number) throws IOException {
        out.writeBoolean(number != null);
        if (number != null) {
            out.writeLong(number);
        }
    }

    private static @Nullable Float real(DataInputStream in) throws IOException {
        return in.readBoolean() ? in.readFloat() : null;
    }

    private static @Nullable Long whole(DataInputStream in) throws IOException {
        return in.readBoolean() ? in.readLong() : null;
    }

    private static @Nullable String text(DataInputStream in) throws IOException {
        int length = in.readInt();
        return length < 0 ? null : new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }

    private static String required(DataInputStream in) throws IOException {
        String text = text(in);
        if (text == null) {
            throw new IOException("a text is missing");
        }
        return text;
    }
}
