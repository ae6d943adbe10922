package dev.gleaner.tracker.storage.file;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.tracker.storage.ObjectKeys;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Objects as files below one folder. Uploads come through the tracker itself, by links it signs: key, size, digest and expiry
 * are under an HMAC, so a link is good for exactly one object. A file appears under its key only when its bytes are complete,
 * right and on disk.
 */
public final class FileObjectStore implements ObjectStore {
    private final Path root;
    private final SecretKeySpec secret;
    private final InstantSource clock;

    /**
     * @param root holds {@code incoming}, {@code accepted} and {@code coming}
     * @param secret signs links; must survive a restart
     */
    public FileObjectStore(Path root, byte[] secret, InstantSource clock) throws IOException {
        this.root = Files.createDirectories(root).toRealPath();
        this.secret = new SecretKeySpec(secret, "HmacSHA256");
        this.clock = clock;
        Files.createDirectories(this.root.resolve("coming"));
    }

    /**
     * A signed link's parts, as they come back in a PUT.
     *
     * @param expires epoch second
     */
    public record Link(String key, long bytes, String sha256, long expires, String signature) {}

    /** An upload is refused. */
    public static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;
        private final ProblemCode code;

        RefusedException(ProblemCode code, String message) {
            super(message);
            this.code = code;
        }

        public ProblemCode code() {
            return code;
        }
    }

    @Override
    public Tickets.Ticket ticket(String key, ShardObject object, Duration validFor) {
        long expires = clock.instant().plus(validFor).getEpochSecond();
        String signature = sign(key, object.bytes(), object.sha256(), expires);
        String url = "/v1/objects/" + key + "?bytes=" + object.bytes() + "&sha256=" + object.sha256() + "&expires="
                + expires + "&signature=" + signature;
        return new Tickets.Ticket(
                object.name(), url, Map.of("Content-Type", "application/octet-stream"), (int) validFor.toSeconds());
    }

    /**
     * Looks at a link before any byte is read.
     *
     * @throws RefusedException {@link ProblemCode#TICKET_INVALID} when it is not ours, was changed, or has run out
     */
    public void check(Link link) throws RefusedException {
        byte[] expected =
                sign(link.key(), link.bytes(), link.sha256(), link.expires()).getBytes(StandardCharsets.US_ASCII);
        boolean ours = ObjectKeys.isValid(link.key())
                && link.key().startsWith(ObjectKeys.INCOMING)
                && MessageDigest.isEqual(expected, link.signature().getBytes(StandardCharsets.US_ASCII));
        if (!ours) {
            throw new RefusedException(ProblemCode.TICKET_INVALID, "the link's signature does not hold");
        }
        if (clock.instant().getEpochSecond() > link.expires()) {
            throw new RefusedException(ProblemCode.TICKET_INVALID, "the link has expired");
        }
    }

    @Override
    public String link(String key, long bytes, Duration validFor) {
        long expires = clock.instant().plus(validFor).getEpochSecond();
        return "/v1/objects/" + key + "?expires=" + expires + "&signature=" + sign("GET\n" + key + "\n" + expires);
    }

    /**
     * The file behind a {@link #link}.
     *
     * @throws RefusedException when the link is not ours, was changed, or has run out, or the object is gone
     */
    public Path linked(String key, long expires, String signature) throws IOException, RefusedException {
        byte[] expected = sign("GET\n" + key + "\n" + expires).getBytes(StandardCharsets.US_ASCII);
        boolean ours = ObjectKeys.isValid(key)
                && (key.startsWith(ObjectKeys.ACCEPTED) || key.startsWith(ObjectKeys.RELEASES))
                && MessageDigest.isEqual(expected, signature.getBytes(StandardCharsets.US_ASCII));
        if (!ours || clock.instant().getEpochSecond() > expires) {
            throw new RefusedException(ProblemCode.TICKET_INVALID, "the link does not hold, or has expired");
        }
        Path path = path(key);
        if (!Files.isRegularFile(path)) {
            throw new RefusedException(ProblemCode.NOT_FOUND, "the object is gone");
        }
        return path;
    }

    /** A new file to receive an upload into. */
    public Path newUpload() throws IOException {
        return Files.createTempFile(root.resolve("coming"), "put-", ".part");
    }

    /**
     * Takes a received file: checks size and digest, makes it durable, and moves it to its key.
     *
     * @throws RefusedException {@link ProblemCode#UPLOAD_MISMATCH}; the file is deleted
     */
    public void take(Link link, Path received) throws IOException, RefusedException {
        try {
            long size = Files.size(received);
            if (size != link.bytes()) {
                throw new RefusedException(
                        ProblemCode.UPLOAD_MISMATCH, "got " + size + " bytes instead of " + link.bytes());
            }
            String actual = Digests.sha256(received);
            if (!actual.equals(link.sha256())) {
                throw new RefusedException(ProblemCode.UPLOAD_MISMATCH, "got bytes of SHA-256 " + actual);
            }
            sync(received);
            place(received, path(link.key()));
        } finally {
            Files.deleteIfExists(received);
        }
    }

    @Override
    public Optional<Long> size(String key) throws IOException {
        requireThere();
        try {
            return Optional.of(Files.size(path(key)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public LocalCopy open(String key, long maxBytes) throws IOException {
        Path path = path(key);
        long size = Files.size(path);
        if (size > maxBytes) {
            throw new IOException("object " + key + " has " + size + " bytes, more than " + maxBytes);
        }
        return new Original(path);
    }

    /** The object itself: a key's bytes never change here, so all versions are one. */
    private record Original(Path path) implements LocalCopy {
        @Override
        public String version() {
            return "";
        }

        @Override
        public void close() {}
    }

    @Override
    public void promote(Known object, String to) throws IOException {
        requireThere();
        if (object.key().equals(to)) {
            return;
        }
        Path target = path(to);
        try {
            place(path(object.key()), target);
        } catch (NoSuchFileException e) {
            if (!Files.isRegularFile(target) || !Digests.sha256(target).equals(object.sha256())) {
                throw e;
            }
        }
    }

    @Override
    public void put(String key, Path file) throws IOException {
        Path coming = newUpload();
        Files.copy(file, coming, StandardCopyOption.REPLACE_EXISTING);
        sync(coming);
        place(coming, path(key));
    }

    private static void place(Path source, Path target) throws IOException {
        Files.createDirectories(java.util.Objects.requireNonNull(target.getParent()));
        Files.move(source, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        sync(java.util.Objects.requireNonNull(target.getParent()));
    }

    @Override
    public void delete(String key) throws IOException {
        Files.deleteIfExists(path(key));
    }

    @Override
    public void each(String prefix, Consumer<Listed> each) throws IOException {
        requireThere();
        Path top = root.resolve(prefix.substring(0, prefix.lastIndexOf('/') + 1));
        Files.walkFileTree(top, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                String key = root.relativize(file).toString().replace('\\', '/');
                if (key.startsWith(prefix)) {
                    each.accept(new Listed(
                            key,
                            attributes.size(),
                            attributes.lastModifiedTime().toInstant()));
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }
        });
    }

    @Override
    public void requireWritable() throws IOException {
        Files.delete(newUpload());
    }

    @Override
    public String place() {
        return root.resolve("accepted").toString();
    }

    /** A store that is not mounted must not look like one whose objects are missing. */
    private void requireThere() throws IOException {
        if (!Files.isDirectory(root.resolve("coming"))) {
            throw new IOException("the object store's folder " + root + " is not there");
        }
    }

    private Path path(String key) throws IOException {
        if (!ObjectKeys.isValid(key)) {
            throw new IOException("not a valid object key");
        }
        return root.resolve(key);
    }

    private String sign(String key, long bytes, String sha256, long expires) {
        return sign("PUT\n" + key + "\n" + bytes + "\n" + sha256 + "\n" + expires);
    }

    private String sign(String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(secret);
            return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }

    /** Makes a file's bytes, or a folder's entries, survive a crash; folders cannot be synced everywhere. */
    private static void sync(Path path) throws IOException {
        boolean folder = Files.isDirectory(path);
        try (FileChannel channel =
                FileChannel.open(path, folder ? StandardOpenOption.READ : StandardOpenOption.WRITE)) {
            channel.force(true);
        } catch (IOException e) {
            if (!folder) {
                throw e;
            }
        }
    }
}
