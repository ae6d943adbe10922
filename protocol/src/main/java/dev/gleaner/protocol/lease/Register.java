package dev.gleaner.protocol.lease;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/workers}: a machine introduces itself once and keeps the identity it gets. */
public final class Register {
    private Register() {}

    /**
     * @param nickname the volunteer's name on the boards, 1 to 40 printable characters
     * @param team the team credited, or null
     * @param agent program and version, e.g. {@code gleaner-worker/0.1.0 (abc1234)}
     * @param capabilities what the machine offers
     */
    public record Request(String nickname, @Nullable String team, String agent, Capabilities capabilities) {}

    /**
     * @param cpus processors the worker may use
     * @param memoryMiB memory the worker may use, in MiB
     * @param providers execution providers that passed their probe, best first, e.g. {@code ["cuda", "cpu"]}
     * @param os operating system and architecture
     */
    public record Capabilities(int cpus, long memoryMiB, List<String> providers, String os) {}

    /**
     * @param worker the worker's id, public
     * @param token the secret to send as {@code Authorization: Bearer}; the tracker keeps only its hash
     * @param heartbeatSeconds how often to beat
     */
    public record Response(String worker, String token, int heartbeatSeconds) {
        @Override
        public String toString() {
            return "Response[worker=" + worker + ", token=***]";
        }
    }
}
