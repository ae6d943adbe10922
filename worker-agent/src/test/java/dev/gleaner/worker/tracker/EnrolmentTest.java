package dev.gleaner.worker.tracker;

import static dev.gleaner.worker.tracker.FakeTracker.problem;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.worker.clip.Bundle;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How a machine stays the same worker to a tracker, also when it is cut off while its secret changes. */
@Timeout(10)
class EnrolmentTest {
    @TempDir
    Path home;

    private FakeTracker tracker;
    private IdentityFile file;

    @BeforeEach
    void start() throws Exception {
        tracker = new FakeTracker();
        file = new IdentityFile(home, tracker.address());
    }

    @AfterEach
    void stop() {
        tracker.close();
    }

    private Enrolment enrolment() {
        return new Enrolment(home, tracker.address(), tracker.client());
    }

    private Path path() throws IOException {
        try (Stream<Path> files = Files.list(home)) {
            List<Path> all = files.toList();
            assertEquals(1, all.size(), all.toString());
            return all.get(0);
        }
    }

    @Test
    void aMachineRegistersOnceAndItsSecretIsForItsOwnerOnly() throws Exception {
        Identity first = enrolment().enter(Volunteers.REGISTRATION);
        assertEquals(new Identity("w1", "secret", 1, null), first);
        assertEquals(first, enrolment().enter(Volunteers.REGISTRATION));
        assertEquals(1, tracker.calls("workers").size());
        assertEquals(Volunteers.REGISTRATION, tracker.calls("workers").get(0).as(Register.Request.class));
        if (Files.getFileStore(home).supportsFileAttributeView("posix")) {
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path())));
        }
        assertFalse(first.toString().contains("secret"));
    }

    @Test
    void eachTrackerKnowsTheMachineByAnotherName() {
        assertNotEquals(
                IdentityFile.name(URI.create("https://a.example:8443/")),
                IdentityFile.name(URI.create("https://a.example:8444/")));
        assertFalse(IdentityFile.name(URI.create("https://[::1]:80/")).contains(":"));
    }

    @Test
    void aDamagedFileIsLeftAsItIsAndItsSecretIsNotShown() throws Exception {
        file.save(new Identity("w1", "secret", 30, null));
        Path damaged = path();
        Files.writeString(damaged, "{\"worker\":\"w1\",\"token\":secret}");
        String said = assertThrows(IOException.class, () -> enrolment().enter(Volunteers.REGISTRATION))
                .getMessage();
        assertFalse(String.valueOf(said).contains("secret"), said);
        assertEquals(List.of(), tracker.names());
        assertTrue(Files.readString(damaged).endsWith("secret}"));
    }

    @Test
    void aNewSecretIsKnownToTheTrackerByItsHashBeforeItIsUsed() throws Exception {
        assertEquals(Optional.empty(), enrolment().changeToken(), "not registered");
        enrolment().enter(Volunteers.REGISTRATION);
        assertEquals(Optional.of("w1"), enrolment().changeToken());
        Identity now = file.load().orElseThrow();
        assertNotEquals("secret", now.token());
        assertTrue(now.token().length() >= 43, "32 random bytes");
        assertNull(now.next());
        FakeTracker.Call call = tracker.calls("token").get(0);
        assertEquals("Bearer secret", call.headers().getFirst("Authorization"));
        assertEquals(
                Bundle.sha256(now.token().getBytes(StandardCharsets.UTF_8)),
                call.as(Register.NewToken.class).tokenHash());
    }

    @Test
    void aChangeThatWasCutOffIsFinishedWhetherTheTrackerHeardOfItOrNot() throws Exception {
        enrolment().enter(Volunteers.REGISTRATION);
        tracker.on("token", FakeTracker.cut());
        assertThrows(IOException.class, () -> enrolment().changeToken());
        Identity begun = file.load().orElseThrow();
        assertEquals("secret", begun.token());
        String next = String.valueOf(begun.next());
        tracker.on("token", problem(ProblemCode.LEDGER_UNAVAILABLE));
        assertThrows(IOException.class, () -> enrolment().enter(Volunteers.REGISTRATION));
        assertEquals(begun, file.load().orElseThrow());
        tracker.on("token", problem(ProblemCode.UNAUTHORIZED));
        assertEquals(next, enrolment().enter(Volunteers.REGISTRATION).token(), "the old one is void: it was heard");
        assertEquals(new Identity("w1", next, 1, null), file.load().orElseThrow());
    }
}
