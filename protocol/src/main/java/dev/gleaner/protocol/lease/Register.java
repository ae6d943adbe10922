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
     * @param invitation the code of an invitation, or null; secret
     */
    public record Request(
            String nickname,
            @Nullable String team,
            String agent,
            Capabilities capabilities,
            @Nullable String invitation) {
        @Override
        public String toString() {
            return "Request[nickname=" + nickname + ", team=" + team + ", agent=" + agent + ", capabilities="
                    + capabilities + ", invitation=" + (invitation == null ? "none" : "***") + "]";
        }
    }

    /**
     * @param cpus processors the worker may use
     * @param memoryMiB memory the worker may use, in MiB
     * @param providers execution providers that passed their probe, best first, e.g. {@code ["cuda", "cpu"]}
     * @param os operating system and architecture
     */
    public record Capabilities(int cpus, long memoryMiB, List<String> providers, String os) {}

    /**
     * {@code POST /v1/workers/token}: the worker made a new secret for itself and says its hash. The old one is void from then on; a
     * call that may have got through is repeated with either.
     *
     * @param tokenHash SHA-256 of the new token's 64 hexadecimal digits, in hexadecimal
     */
    public record NewToken(String tokenHash) {}

    /**
     * @param worker the worker's id, public
     * @param waiting an operator must approve of the worker before it gets jobs
     * @param token the secret to send as {@code Authorization: Bearer}; the tracker keeps only its hash
     * @param heartbeatSeconds how often to beat
     */
    public record Response(String worker, String token, int heartbeatSeconds, boolean waiting) {
        @Override
        public String toString() {
            return "Response[worker=" + worker + ", token=***]";
        }
    }
}
