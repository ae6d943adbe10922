package dev.gleaner.tracker.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The top command: shows help, and turns exceptions into one clear line and an exit code. */
@Command(
        name = "tracker-server",
        description = "Leases crawl jobs to volunteers and keeps what they make.",
        mixinStandardHelpOptions = true,
        versionProvider = TrackerCommand.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            ServeCommand.class,
            CampaignCommand.class,
            JobCommand.class,
            WorkerCommand.class,
            LeaseCommand.class,
            AttentionCommand.class,
            LimitsCommand.class,
            SiteCommand.class,
            ReleaseCommand.class,
            OptOutCommand.class,
            WorkerReleaseCommand.class,
            EnrolmentCommand.class,
            InvitationCommand.class,
            KeyCommand.class,
            LedgerCommand.class,
            ObjectsCommand.class,
            BenchCommand.class,
            CommandLine.HelpCommand.class
        })
public final class TrackerCommand {

    /** Runs the command line and returns the exit code. */
    public static int execute(PrintStream out, PrintStream err, String... args) {
        PrintStream utf8 = new PrintStream(out, true, StandardCharsets.UTF_8);
        CommandLine line = line(utf8);
        line.setOut(new PrintWriter(utf8, true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
        line.setUsageHelpAutoWidth(true);
        line.setExitCodeExceptionMapper(TrackerCommand::exitCode);
        line.setParameterExceptionHandler(TrackerCommand::usageError);
        line.setExecutionExceptionHandler((e, command, parsed) -> {
            int code = exitCode(e);
            String message = e.getMessage() == null ? e.toString() : e.getMessage();
            command.getErr().println("tracker-server: " + (code == Exit.SOFTWARE ? "a bug: " + e : message));
            return code;
        });
        usageExitCode(line);
        if (args.length == 0) {
            line.usage(line.getOut());
            return Exit.USAGE;
        }
        return line.execute(args);
    }

    static CommandLine line(PrintStream out) {
        return new CommandLine(new TrackerCommand(), new Streams(out));
    }

    private static void usageExitCode(CommandLine line) {
        line.getCommandSpec().exitCodeOnInvalidInput(Exit.USAGE);
        line.getSubcommands().values().forEach(TrackerCommand::usageExitCode);
    }

    /** What is wrong, in a line; the whole help would push it off the screen. */
    private static int usageError(CommandLine.ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        command.getErr().println(name + ": " + e.getMessage());
        CommandLine.UnmatchedArgumentException.printSuggestions(e, command.getErr());
        command.getErr().println("What it takes: " + name + " --help");
        return Exit.USAGE;
    }

    private static int exitCode(Throwable e) {
        if (e instanceof Failure failure) {
            return failure.exitCode();
        } else if (e instanceof IOException) {
            return Exit.IO;
        } else if (e instanceof CommandLine.ParameterException || e instanceof IllegalArgumentException) {
            return Exit.USAGE;
        } else if (e instanceof dev.gleaner.tracker.ledger.Ledger.LedgerException) {
            return Exit.CANT_CREATE;
        }
        return Exit.SOFTWARE;
    }

    /** Makes commands that print to the injected stream. */
    private record Streams(PrintStream out) implements CommandLine.IFactory {
        @Override
        public <K> K create(Class<K> type) throws Exception {
            try {
                return type.getDeclaredConstructor(PrintStream.class).newInstance(out);
            } catch (NoSuchMethodException e) {
                return CommandLine.defaultFactory().create(type);
            }
        }
    }

    /** Version and commit, written by the build. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() throws IOException {
            return new String[] {"gleaner tracker " + text()};
        }

        static String text() throws IOException {
            Properties build = new Properties();
            try (InputStream in = TrackerCommand.class.getResourceAsStream("/dev/gleaner/tracker/build.properties")) {
                if (in != null) {
                    build.load(in);
                }
            }
            return build.getProperty("git.build.version", "unknown") + " ("
                    + build.getProperty("git.commit.id.abbrev", "no commit") + ")";
        }
    }
}
