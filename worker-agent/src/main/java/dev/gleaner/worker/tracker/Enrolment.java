package dev.gleaner.worker.tracker;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.lease.Register;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How this machine becomes, and stays, known to a tracker. One thread. */
public final class Enrolment {
    private static final Logger log = LoggerFactory.getLogger(Enrolment.class);

    private final IdentityFile file;
    private final TrackerClient tracker;

    /** @param home the worker's own folder */
    public Enrolment(Path home, URI address, TrackerClient tracker) {
        this.file = new IdentityFile(home, address);
        this.tracker = tracker;
    }

    /** Who we are, registering if that is not known yet; the client sends our token from now on. */
    Identity enter(Register.Request registration) throws IOException {
        Optional<Identity> known = file.load();
        if (known.isPresent()) {
            tracker.authenticate(known.get().token());
            return settle(known.get());
        }
        Register.Response given = tracker.register(registration);
        Identity identity = new Identity(given.worker(), given.token(), given.heartbeatSeconds(), null);
        file.save(identity);
        tracker.authenticate(identity.token());
        log.info("Registered: worker={}", identity.worker());
        if (given.waiting()) {
            log.info(
                    "An operator must let this worker in before it gets jobs; tell them its name and leave it running: worker={}",
                    identity.worker());
        }
        return identity;
    }

    /**
     * Gives this worker a new secret; the old one opens nothing from then on. Cut off at any point, it is finished at the next start.
     *
     * @return the worker's id, or empty when this machine has not registered there
     */
    public Optional<String> changeToken() throws IOException {
        Optional<Identity> known = file.load();
        if (known.isEmpty()) {
            return Optional.empty();
        }
        tracker.authenticate(known.get().token());
        Identity identity = settle(known.get()).willBe(newToken());
        file.save(identity);
        settle(identity);
        return Optional.of(identity.worker());
    }

    /** Finishes a change of token that was begun. */
    private Identity settle(Identity identity) throws IOException {
        String next = identity.next();
        if (next == null) {
            return identity;
        }
        try {
            tracker.changeToken(hash(next));
        } catch (ProblemException e) {
            // The tracker may have heard of it although its answer was lost: the old token is void then.
            if (!e.code().equals(Optional.of(ProblemCode.UNAUTHORIZED))) {
                throw e;
            }
        }
        Identity now = identity.became();
        file.save(now);
        tracker.authenticate(now.token());
        return now;
    }

    private static String newToken() {
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }

    private static String hash(String token) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
