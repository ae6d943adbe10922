package dev.gleaner.worker.cli;

import dev.gleaner.worker.guest.Control;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ctl}: a word to the worker that runs on this machine. */
@Command(
        name = "ctl",
        description = {
            "Tells the worker that runs on this machine what to do, or asks it how it does. Prints one JSON line.",
            "pause gives the current job back and takes no other until resume; finish ends the worker after the current job; stop ends it as Ctrl-C does."
        },
        mixinStandardHelpOptions = true)
final class CtlCommand implements Callable<Integer> {
    /** What can be said. */
    enum Word {
        STATUS,
        PAUSE,
        RESUME,
        FINISH,
        STOP
    }

    private final PrintStream out;

    @Parameters(paramLabel = "WORD", description = "status, pause, resume, finish or stop")
    @Nullable
    Word word;

    @Mixin
    HomeOption home = new HomeOption();

    CtlCommand(PrintStream out, PrintStream err) {
        this.out = out;
    }

    @Override
    public Integer call() {
        String said = java.util.Objects.requireNonNull(word).name().toLowerCase(Locale.ROOT);
        try {
            out.println(Control.say(home.folder(), said));
            return Exit.OK;
        } catch (IOException | UnsupportedOperationException e) {
            throw new Failure(
                    Exit.UNAVAILABLE,
                    "no worker listens in " + home.folder() + "; is one running, and with the same --home? ("
                            + e.getMessage() + ")");
        }
    }
}
