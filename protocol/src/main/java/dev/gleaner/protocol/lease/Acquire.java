package dev.gleaner.protocol.lease;

import dev.gleaner.protocol.campaign.Stage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/leases}: asks for jobs. Safe to repeat with the same request id: the same leases come back. */
public final class Acquire {
    /** The most leases one call can ask for. */
    public static final int MAX_LEASES = 8;

    /** The longest long poll, in seconds. */
    public static final int MAX_WAIT_SECONDS = 25;

    private Acquire() {}

    /**
     * @param request made new by the worker for each call that is not a retry, 1 to 64 characters
     * @param max how many leases at most, 1 to {@value #MAX_LEASES}
     * @param waitSeconds how long to wait when none is ready, 0 to {@value #MAX_WAIT_SECONDS}
     * @param agent program and version as in {@link Register.Request#agent}, for it may have been updated since; null: as it was
     * @param stages what the worker can do, what it likes best first; null stands for {@link Stage#WHOLE} alone
     */
    public record Request(
            String request,
            int max,
            int waitSeconds,
            @Nullable String agent,
            @Nullable List<Stage> stages) {
        public Request(String request, int max, int waitSeconds) {
            this(request, max, waitSeconds, null, null);
        }
    }

    /**
     * @param leases none when nothing was ready in time
     * @param idle why there is nothing, in words, when {@code leases} is empty
     * @param retryAfterSeconds when to ask again, if {@code leases} is empty
     */
    public record Response(List<Lease> leases, @Nullable String idle, int retryAfterSeconds) {}
}
