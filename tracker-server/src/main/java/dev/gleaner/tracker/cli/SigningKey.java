package dev.gleaner.tracker.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;

/** An Ed25519 key in a file (PKCS #8, base64), which signs here and is never sent. */
final class SigningKey {
    private static final String ALGORITHM = "Ed25519";

    private final PrivateKey key;
    private final String publicKey;

    private SigningKey(PrivateKey key, String publicKey) {
        this.key = key;
        this.publicKey = publicKey;
    }

    /** Makes a key in a new file that its owner alone can read. */
    static SigningKey make(Path file) throws IOException {
        KeyPair pair;
        try {
            pair = KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java from 15 on has " + ALGORITHM, e);
        }
        try {
            Files.createFile(file);
        } catch (java.nio.file.FileAlreadyExistsException e) {
            throw new Failure(Exit.CANT_CREATE, file + " is there already; a key is never written over");
        }
        if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        }
        Files.writeString(
                file,
                Base64.getEncoder().encodeToString(pair.getPrivate().getEncoded()) + "\n",
                StandardOpenOption.WRITE);
        return new SigningKey(pair.getPrivate(), text(pair));
    }

    /** @param maker the command that makes such files, for the error */
    static SigningKey read(Path file, String maker) throws IOException {
        if (!Files.isReadable(file)) {
            throw new Failure(Exit.NO_INPUT, "there is no readable key " + file + "; make one with " + maker);
        }
        try {
            byte[] encoded = Base64.getDecoder().decode(Files.readString(file).strip());
            PrivateKey key = KeyFactory.getInstance(ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(encoded));
            return new SigningKey(key, text(pair(key)));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new Failure(Exit.DATA, file + " holds no key as " + maker + " makes it");
        }
    }

    /** A private key is a seed; the pair that is made of it has the public half. */
    private static KeyPair pair(PrivateKey key) throws GeneralSecurityException {
        byte[] seed = key instanceof EdECPrivateKey edwards
                ? edwards.getBytes().orElseThrow(() -> new GeneralSecurityException("the key is not extractable"))
                : new byte[0];
        KeyPairGenerator generator = KeyPairGenerator.getInstance(ALGORITHM);
        generator.initialize(NamedParameterSpec.ED25519, new SecureRandom() {
            private static final long serialVersionUID = 1L;

            @Override
            public void nextBytes(byte[] bytes) {
                System.arraycopy(seed, 0, bytes, 0, bytes.length);
            }
        });
        return generator.generateKeyPair();
    }

    private static String text(KeyPair pair) {
        return Base64.getEncoder().encodeToString(pair.getPublic().getEncoded());
    }

    /** X.509, base64. */
    String publicKey() {
        return publicKey;
    }

    /** Of these bytes, base64. */
    String sign(byte[] bytes) {
        try {
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initSign(key);
            signature.update(bytes);
            return Base64.getEncoder().encodeToString(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the key was read and cannot sign", e);
        }
    }
}
