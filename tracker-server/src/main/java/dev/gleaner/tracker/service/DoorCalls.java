package dev.gleaner.tracker.service;

import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.tracker.ledger.Roster;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What operators do about who gets in: invitations for workers, keys for people. Secrets are told once. Safe for any thread. */
public final class DoorCalls {
    private static final int MOST_DAYS = 3_650;

    private final Roster roster;
    private final Access access;
    private final InstantSource clock;

    /**
     * @param note whom it is for
     * @param uses most workers that may come with it, 0 for any number
     * @param days how long it holds, 0 for ever
     */
    public record NewInvitation(String note, int uses, int days) {}

    /** @param code told this once */
    public record InvitationMade(String id, String code) {
        @Override
        public String toString() {
            return "InvitationMade[id=" + id + ", code=***]";
        }
    }

    /** @param state {@code open}, {@code used up}, {@code run out} or {@code withdrawn} */
    public record InvitationView(
            String id,
            String note,
            String state,
            int uses,
            int used,
            String createdAt,
            @Nullable String expiresAt) {}

    /**
     * @param name who signs in with it; stands in the audit trail
     * @param role {@code operator} or {@code viewer}
     * @param days how long it holds, 0 for ever
     */
    public record NewKey(String name, String role, int days) {}

    /** @param token told this once */
    public record KeyMade(String id, String token) {
        @Override
        public String toString() {
            return "KeyMade[id=" + id + ", token=***]";
        }
    }

    /** @param state {@code open}, {@code run out} or {@code revoked} */
    public record KeyView(
            String id,
            String name,
            String role,
            String state,
            String createdAt,
            @Nullable String expiresAt) {}

    public DoorCalls(Roster roster, Access access, InstantSource clock) {
        this.roster = roster;
        this.access = access;
        this.clock = clock;
    }

    public CompletionStage<InvitationMade> invite(String actor, NewInvitation wish) {
        requireText(wish.note(), "note");
        Refusal.unless(wish.uses() >= 0, "uses must be 0, which means any number, or more");
        String code = Tokens.make();
        Roster.Invitation invitation = new Roster.Invitation(
                Tokens.id(), wish.note(), wish.uses(), 0, clock.instant(), end(wish.days()), false);
        return roster.invite(invitation, Tokens.hash(code), actor)
                .thenApply(done -> new InvitationMade(invitation.id(), code));
    }

    public List<InvitationView> invitations() {
        Instant now = clock.instant();
        return roster.invitations().stream()
                .map(i -> new InvitationView(
                        i.id(),
                        i.note(),
                        state(i, now),
                        i.uses(),
                        i.used(),
                        i.createdAt().toString(),
                        text(i.expiresAt())))
                .toList();
    }

    private static String state(Roster.Invitation invitation, Instant now) {
        if (invitation.withdrawn()) {
            return "withdrawn";
        }
        if (isOver(invitation.expiresAt(), now)) {
            return "run out";
        }
        return invitation.uses() > 0 && invitation.used() >= invitation.uses() ? "used up" : "open";
    }

    /** Nobody registers with it from now on; who came with it stays. */
    public CompletionStage<List<InvitationView>> withdraw(String actor, String id) {
        return roster.withdrawInvitation(id, actor).thenApply(found -> {
            if (!found) {
                throw new Refusal(ProblemCode.UNKNOWN_INVITATION, "there is no invitation " + Printable.of(id, 40));
            }
            return invitations();
        });
    }

    public CompletionStage<KeyMade> addKey(String actor, NewKey wish) {
        requireText(wish.name(), "name");
        String token = Tokens.make();
        Roster.AccessKey key = new Roster.AccessKey(
                Tokens.id(), wish.name(), role(wish.role()), clock.instant(), end(wish.days()), false);
        return roster.addKey(key, Tokens.hash(token), actor).thenApply(done -> new KeyMade(key.id(), token));
    }

    private static Roster.Role role(String name) {
        for (Roster.Role role : Roster.Role.values()) {
            if (role.name().toLowerCase(Locale.ROOT).equals(name)) {
                return role;
            }
        }
        throw new Refusal(ProblemCode.MALFORMED_REQUEST, "role must be operator or viewer");
    }

    public List<KeyView> keys() {
        Instant now = clock.instant();
        return roster.keys().stream()
                .map(k -> new KeyView(
                        k.id(),
                        k.name(),
                        k.role().name().toLowerCase(Locale.ROOT),
                        k.revoked() ? "revoked" : isOver(k.expiresAt(), now) ? "run out" : "open",
                        k.createdAt().toString(),
                        text(k.expiresAt())))
                .toList();
    }

    public CompletionStage<List<KeyView>> revoke(String actor, String id) {
        return roster.revokeKey(id, actor).thenApply(found -> {
            access.forget();
            requireKey(found, id);
            return keys();
        });
    }

    /** A new token for the key; the old one is void at once. */
    public CompletionStage<KeyMade> rotate(String actor, String id) {
        String token = Tokens.make();
        return roster.changeKey(id, Tokens.hash(token), actor).thenApply(found -> {
            access.forget();
            requireKey(found, id);
            return new KeyMade(id, token);
        });
    }

    private static void requireKey(boolean found, String id) {
        if (!found) {
            throw new Refusal(ProblemCode.UNKNOWN_KEY, "there is no key " + Printable.of(id, 40) + " that still opens");
        }
    }

    private @Nullable Instant end(int days) {
        Refusal.unless(days >= 0 && days <= MOST_DAYS, "days must be 0, which means for ever, to " + MOST_DAYS);
        return days == 0 ? null : clock.instant().plus(Duration.ofDays(days));
    }

    private static boolean isOver(@Nullable Instant end, Instant now) {
        return end != null && !now.isBefore(end);
    }

    private static @Nullable String text(@Nullable Instant instant) {
        return instant == null ? null : instant.toString();
    }

    private static void requireText(String text, String what) {
        Refusal.unless(
                !text.isBlank() && text.equals(Printable.of(text, 80)), what + " must be 1 to 80 printable characters");
    }
}
