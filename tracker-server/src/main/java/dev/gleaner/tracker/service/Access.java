package dev.gleaner.tracker.service;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.Roster;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;

/**
 * Who signs in, and what that person may do. A key that was revoked at another tracker opens this one for ten seconds more. Safe for
 * any thread; blocks on the ledger.
 */
public final class Access {
    /** Name under which the ledger keeps the hash of the first operators' token, made at the first start. */
    public static final String FIRST_TOKEN = "operator.token";

    private static final Duration REMEMBERED = Duration.ofSeconds(10);

    private final Ledger ledger;
    private final Roster roster;
    private final InstantSource clock;
    private final Cache<String, Person> known = Caffeine.newBuilder()
            .maximumSize(10_000)
            .expireAfterWrite(REMEMBERED)
            .build();

    /** @param name for the audit trail */
    public record Person(String name, Roster.Role role) {}

    public Access(Ledger ledger, Roster roster, InstantSource clock) {
        this.ledger = ledger;
        this.roster = roster;
        this.clock = clock;
    }

    /**
     * Who sends this token.
     *
     * @param changes whether something is to be changed
     * @throws Refusal when nobody we know, or somebody who may not do that
     */
    public Person require(String token, boolean changes) {
        String hash = Tokens.hash(token);
        Person person = known.getIfPresent(hash);
        if (person == null) {
            person = find(hash).orElseThrow(() -> stranger(hash));
            known.put(hash, person);
        }
        if (changes && person.role() == Roster.Role.VIEWER) {
            throw new Refusal(ProblemCode.FORBIDDEN, "this is a viewer's key; it shows everything and changes nothing");
        }
        return person;
    }

    private Optional<Person> find(String hash) {
        Optional<String> first = ledger.kept(FIRST_TOKEN);
        if (first.isPresent() && Tokens.same(first.get(), hash)) {
            return Optional.of(new Person("operator", Roster.Role.OPERATOR));
        }
        return roster.keyByToken(hash)
                .filter(key -> !key.revoked()
                        && (key.expiresAt() == null || clock.instant().isBefore(key.expiresAt())))
                .map(key -> new Person("operator " + key.name(), key.role()));
    }

    private Refusal stranger(String hash) {
        return roster.workerByToken(hash).isPresent()
                ? new Refusal(ProblemCode.FORBIDDEN, "this is a worker's token; operators have keys of their own")
                : new Refusal(
                        ProblemCode.UNAUTHORIZED,
                        "send an operator's key as Authorization: Bearer; it may have been revoked or have run out");
    }

    /** Forgets what is known: a key was changed. */
    public void forget() {
        known.invalidateAll();
    }
}
