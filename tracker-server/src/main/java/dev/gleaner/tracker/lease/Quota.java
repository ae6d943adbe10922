package dev.gleaner.tracker.lease;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What workers hold and were given today, against the {@link Limits}. The standing that scales a worker's day is the ledger's; the
 * counts are in memory of one tracker and begin anew with it. The idea is BOINC's daily quota (its {@code sched_send}): a broken host
 * burns a handful of jobs a day, not the queue. One thread.
 */
final class Quota {
    private final Supplier<Limits> limits;
    private final Map<String, Account> workers = new HashMap<>();
    private final Map<String, Integer> byAddress = new HashMap<>();
    private final Map<String, Integer> byInvitation = new HashMap<>();
    private LocalDate day = LocalDate.MIN;

    private static final class Account {
        private int held;
        private int today;
        private @Nullable Caller owner;
    }

    Quota(Supplier<Limits> limits) {
        this.limits = limits;
    }

    /** How many more leases the caller may get now, or why none. */
    record Left(int leases, @Nullable Objection objection) {}

    Left left(Caller caller, Instant now) {
        newDay(now);
        Account account = account(caller);
        Limits limit = limits.get();
        int left = Integer.MAX_VALUE;
        Objection objection = null;
        if (limit.leasesPerWorker() > 0 && limit.leasesPerWorker() - account.held < left) {
            left = limit.leasesPerWorker() - account.held;
            objection = new Objection("this worker holds as many leases as it may: " + limit.leasesPerWorker(), 10);
        }
        if (caller.address() != null && limit.leasesPerAddress() > 0) {
            int free = limit.leasesPerAddress() - byAddress.getOrDefault(caller.address(), 0);
            if (free < left) {
                left = free;
                objection = new Objection(
                        "the workers of this address hold as many leases as they may together: "
                                + limit.leasesPerAddress(),
                        30);
            }
        }
        if (caller.invitation() != null && limit.leasesPerInvitation() > 0) {
            int free = limit.leasesPerInvitation() - byInvitation.getOrDefault(caller.invitation(), 0);
            if (free < left) {
                left = free;
                objection = new Objection(
                        "the workers of this invitation hold as many leases as they may together: "
                                + limit.leasesPerInvitation(),
                        30);
            }
        }
        if (limit.jobsPerDay() > 0) {
            int allowed = allowed(caller.standing(), limit.jobsPerDay());
            if (allowed - account.today < left) {
                left = allowed - account.today;
                objection = new Objection(
                        "this worker has had its " + allowed
                                + " jobs of today; accepted results raise that number, failures lower it",
                        300);
            }
        }
        return left > 0 ? new Left(left, null) : new Left(0, objection);
    }

    /** Jobs a day at this standing; at least 1. */
    static int allowed(int standing, int jobsPerDay) {
        return (int) Math.max(1, (long) standing * jobsPerDay / Caller.FULL_STANDING);
    }

    /** A lease was granted. */
    void granted(String worker) {
        account(worker).today++;
    }

    /** A lease is held from now on: granted here, or taken over. */
    void took(String worker) {
        Account account = account(worker);
        account.held++;
        count(account.owner, 1);
    }

    void gaveBack(String worker) {
        Account account = workers.get(worker);
        if (account != null && account.held > 0) {
            account.held--;
            count(account.owner, -1);
            dropIfIdle(worker, account);
        }
    }

    private Account account(String worker) {
        return workers.computeIfAbsent(worker, w -> new Account());
    }

    /** Leases that were taken over before their worker was known count for its address from now on. */
    private Account account(Caller caller) {
        Account account = account(caller.worker());
        Caller before = account.owner;
        if (before == null || !before.equals(caller)) {
            count(before, -account.held);
            account.owner = caller;
            count(caller, account.held);
        }
        return account;
    }

    private void count(@Nullable Caller owner, int leases) {
        if (owner == null || leases == 0) {
            return;
        }
        if (owner.address() != null) {
            byAddress.merge(owner.address(), leases, Quota::sum);
        }
        if (owner.invitation() != null) {
            byInvitation.merge(owner.invitation(), leases, Quota::sum);
        }
    }

    private static @Nullable Integer sum(Integer a, Integer b) {
        return a + b == 0 ? null : a + b;
    }

    private void newDay(Instant now) {
        LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
        if (!today.equals(day)) {
            day = today;
            workers.values().forEach(account -> account.today = 0);
            workers.values().removeIf(account -> account.held == 0);
        }
    }

    private void dropIfIdle(String worker, Account account) {
        if (account.held == 0 && account.today == 0) {
            workers.remove(worker);
        }
    }
}
