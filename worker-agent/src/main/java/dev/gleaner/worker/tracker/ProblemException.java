package dev.gleaner.worker.tracker;

import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.Problem;
import dev.gleaner.protocol.ProblemCode;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The tracker answered a call with a problem document. */
public final class ProblemException extends IOException {
    private static final long serialVersionUID = 1L;
    private final transient Problem problem;

    ProblemException(Problem problem) {
        super(Printable.of(problem.title(), 200) + ": " + Printable.of(problem.detail(), 500) + " ("
                + Printable.of(problem.code(), 60) + ")");
        this.problem = problem;
    }

    /** The code, or empty when this worker does not know it. */
    public Optional<ProblemCode> code() {
        return Arrays.stream(ProblemCode.values())
                .filter(code -> code.wire().equals(problem.code()))
                .findAny();
    }

    /** What to do: by the code if it is known, else by the action the tracker names, else stop. */
    public ProblemCode.Action action() {
        return code().map(ProblemCode::action)
                .orElseGet(() -> Arrays.stream(ProblemCode.Action.values())
                        .filter(a -> a.name()
                                .toLowerCase(Locale.ROOT)
                                .replace('_', '-')
                                .equals(problem.action()))
                        .findAny()
                        .orElse(ProblemCode.Action.STOP));
    }
}
