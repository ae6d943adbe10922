package dev.gleaner.protocol;

/**
 * Every way a call can fail, with its HTTP status and what the caller must do next.
 *
 * <p>The code is stable and is what programs look at; titles and details are for people. Documented in {@code
 * docs/protocol/problems.md}, which a test compares with this list.
 */
public enum ProblemCode {
    MALFORMED_REQUEST(400, Action.STOP, "The request is not what the protocol describes"),
    UNAUTHORIZED(401, Action.STOP, "The token is missing or not known here"),
    FORBIDDEN(403, Action.STOP, "The token does not allow this"),
    BANNED(403, Action.STOP, "An operator has banned this worker"),
    INVITATION_INVALID(403, Action.STOP, "This tracker does not take this worker without a valid invitation"),
    APPROVAL_PENDING(403, Action.RETRY, "An operator has not yet let this worker in"),
    NOT_FOUND(404, Action.STOP, "There is nothing at this address"),
    METHOD_NOT_ALLOWED(405, Action.STOP, "This address does not take that method"),
    UNKNOWN_CAMPAIGN(404, Action.STOP, "There is no such campaign"),
    UNKNOWN_JOB(404, Action.STOP, "There is no such job"),
    UNKNOWN_WORKER(404, Action.STOP, "There is no such worker"),
    UNKNOWN_INVITATION(404, Action.STOP, "There is no such invitation"),
    UNKNOWN_KEY(404, Action.STOP, "There is no such access key"),
    UNKNOWN_BUNDLE(404, Action.STOP, "There is no such model bundle"),
    LEASE_LOST(409, Action.DROP_LEASE, "The lease is no longer this worker's"),
    RESULT_CONFLICT(409, Action.DROP_LEASE, "Another result was already submitted under this fencing token"),
    CAMPAIGN_CONFLICT(409, Action.STOP, "A campaign of this name exists with other contents"),
    STATE_CONFLICT(409, Action.STOP, "The job's or campaign's state does not allow this"),
    TICKET_INVALID(403, Action.RETRY_WITH_NEW_TICKET, "The upload link is wrong, changed or has expired"),
    UPLOAD_MISMATCH(422, Action.RETRY_WITH_NEW_TICKET, "The bytes are not the declared ones"),
    BODY_TOO_LARGE(413, Action.STOP, "The request body is larger than allowed"),
    UPDATE_REQUIRED(426, Action.STOP, "The tracker does not serve this protocol version"),
    TOO_MANY_REQUESTS(429, Action.RETRY, "Too many requests"),
    INTERNAL(500, Action.RETRY, "The tracker failed; the fault is its own"),
    STORAGE_UNAVAILABLE(503, Action.RETRY, "The object storage cannot be used now"),
    LEDGER_UNAVAILABLE(503, Action.RETRY, "The ledger cannot be written now"),
    SHUTTING_DOWN(503, Action.RETRY, "The tracker is stopping");

    /** What a worker must do on a problem. */
    public enum Action {
        /** Send the same call again, after {@code Retry-After} or a back-off. */
        RETRY,
        /** Ask for a new upload ticket and send the object again. */
        RETRY_WITH_NEW_TICKET,
        /** Stop work on this lease, delete what it made, go on with others. */
        DROP_LEASE,
        /** Do not repeat the call; a person or a new version must change something. */
        STOP
    }

    private final int status;
    private final Action action;
    private final String title;

    ProblemCode(int status, Action action, String title) {
        this.status = status;
        this.action = action;
        this.title = title;
    }

    /** HTTP status of the answer. */
    public int status() {
        return status;
    }

    public Action action() {
        return action;
    }

    /** A sentence for people, without the particulars. */
    public String title() {
        return title;
    }

    /** The code as it stands on the wire, e.g. {@code lease-lost}. */
    public String wire() {
        return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
}
