package dev.gleaner.worker.cli;

import dev.gleaner.worker.wat.InputUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The top command: shows help, and turns exceptions into one clear line and an exit code. */
@Command(
        name = "worker-agent",
        description = "Turns donated time into an image-text dataset.",
        mixinStandardHelpOptions = true,
        versionProvider = WorkerCommand.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            ExtractCommand.class,
            PreprocessCommand.class,
            TokenizeCommand.class,
            ScoreCommand.class,
            EncodeCommand.class,
            FetchCommand.class,
            RunCommand.class,
            CtlCommand.class,
            NewTokenCommand.class,
            DoctorCommand.class,
            BenchCommand.class,
            CommandLine.HelpCommand.class
        })
public final class WorkerCommand {

    /** Runs the command line and returns the exit code. */
    public static int execute(PrintStream out, PrintStream err, String... args) {
        PrintStream utf8 = new PrintStream(out, false, StandardCharsets.UTF_8);
        CommandLine line = line(utf8, err);
        line.setOut(new PrintWriter(utf8, true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
        line.setUsageHelpAutoWidth(true);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExitCodeExceptionMapper(WorkerCommand::exitCode);
        line.setParameterExceptionHandler(WorkerCommand::usageError);
        line.setExecutionExceptionHandler((e, command, parsed) -> {
            command.getErr().println(describe(e));
            return exitCode(e);
        });
        line.getSubcommands().values().forEach(sub -> sub.getCommandSpec().exitCodeOnInvalidInput(Exit.USAGE));
        line.getCommandSpec().exitCodeOnInvalidInput(Exit.USAGE);
        if (args.length == 0) {
            line.usage(line.getOut());
            return Exit.USAGE;
        }
        try {
            Path file = ConfigDefaults.fileFor(List.of(args));
            ConfigDefaults config = ConfigDefaults.read(file);
            if (!config.unknown(line).isEmpty()) {
                throw new Failure(
                        Exit.CONFIG,
                        file + " has keys that are no options: " + String.join(", ", config.unknown(line)));
            }
            line.setDefaultValueProvider(config);
        } catch (Failure e) {
            line.getErr().println(describe(e));
            return e.exitCode();
        }
        int code = line.execute(args);
        utf8.flush();
        return code;
    }

    static CommandLine line(PrintStream out, PrintStream err) {
        return new CommandLine(new WorkerCommand(), new Streams(out, err));
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
        } else if (e instanceof InputUnavailableException) {
            return Exit.NO_INPUT;
        } else if (e instanceof IOException || e instanceof UncheckedIOException) {
            return Exit.IO;
        } else if (e instanceof CommandLine.ParameterException || e instanceof IllegalArgumentException) {
            return Exit.USAGE;
        }
        return Exit.SOFTWARE;
    }

    private static String describe(Throwable e) {
        String message = e.getMessage() == null ? e.toString() : e.getMessage();
        return exitCode(e) == Exit.SOFTWARE ? "worker-agent: a bug: " + e : "worker-agent: " + message;
    }

    /** Makes commands that print to the injected streams. */
    private record Streams(PrintStream out, PrintStream err) implements CommandLine.IFactory {
        @Override
        public <K> K create(Class<K> type) throws Exception {
            try {
                return type.getDeclaredConstructor(PrintStream.class, PrintStream.class)
                        .newInstance(out, err);
            } catch (NoSuchMethodException e) {
                return CommandLine.defaultFactory().create(type);
            }
        }
    }

    /** Version and commit, written by the build. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() throws IOException {
            return new String[] {"gleaner worker " + text()};
        }

        /** Version and commit. */
        static String text() throws IOException {
            return number() + " (" + properties().getProperty("git.commit.id.abbrev", "no commit") + ")";
        }

        /** The version alone. */
        static String number() throws IOException {
            return properties().getProperty("git.build.version", "unknown");
        }

        private static Properties properties() throws IOException {
            Properties build = new Properties();
            try (InputStream in = WorkerCommand.class.getResourceAsStream("/dev/gleaner/worker/build.properties")) {
                if (in != null) {
                    build.load(in);
                }
            }
            return build;
        }
    }
}
