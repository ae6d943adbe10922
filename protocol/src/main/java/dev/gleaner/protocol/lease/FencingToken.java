package dev.gleaner.protocol.lease;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;

/**
 * Names one attempt at one job for ever: the ledger's epoch and the attempt's number within the job.
 *
 * <p>The epoch is random and changes when a ledger is restored from a backup or a standby is promoted, so that a rewound
 * ledger cannot grant a token twice. On the wire: {@code epoch-attempt}, e.g. {@code 9f86d081884c7d65-3}.
 *
 * @param epoch 16 lower-case hexadecimal digits
 * @param attempt counted up from 1 within the job
 */
public record FencingToken(String epoch, int attempt) {
    private static final Pattern EPOCH = Pattern.compile("[0-9a-f]{16}");

    public FencingToken {
        if (!EPOCH.matcher(epoch).matches()) {
            throw new IllegalArgumentException("epoch must be 16 hexadecimal digits");
        }
        if (attempt < 1) {
            throw new IllegalArgumentException("attempt must be 1 or more");
        }
    }

    /**
     * Reads the wire form.
     *
     * @throws IllegalArgumentException when it is not one
     */
    @JsonCreator
    public static FencingToken parse(String wire) {
        int dash = wire.indexOf('-');
        if (dash != 16 || wire.length() > 26) {
            throw new IllegalArgumentException("a fencing token is epoch-attempt, e.g. 9f86d081884c7d65-3");
        }
        try {
            return new FencingToken(wire.substring(0, dash), Integer.parseInt(wire.substring(dash + 1)));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("a fencing token is epoch-attempt, e.g. 9f86d081884c7d65-3", e);
        }
    }

    @JsonValue
    @Override
    public String toString() {
        return epoch + "-" + attempt;
    }
}
