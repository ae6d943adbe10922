package dev.gleaner.worker.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What options are when the command line does not say: {@code GLEANER_CPUS} in the environment, else {@code cpus=2} in the file
 * {@code worker.conf} of the home folder, for {@code --cpus}.
 */
final class ConfigDefaults implements CommandLine.IDefaultValueProvider {
    /** Name of the file in the home folder. */
    static final String FILE = "worker.conf";

    private final Properties file;

    private ConfigDefaults(Properties file) {
        this.file = file;
    }

    /**
     * Reads the file, if it is there.
     *
     * @throws Failure when it is not readable
     */
    static ConfigDefaults read(Path path) {
        Properties properties = new Properties();
        if (Files.isRegularFile(path)) {
            try (Reader in = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
                properties.load(in);
            } catch (IOException | IllegalArgumentException e) {
                throw new Failure(Exit.CONFIG, path + " is not readable: " + e.getMessage());
            }
        }
        return new ConfigDefaults(properties);
    }

    /** The file that a command line means: that of its {@code --home}, or of the default one. */
    static Path fileFor(List<String> arguments) {
        HomeOption home = new HomeOption();
        home.home = Path.of(System.getenv().getOrDefault("GLEANER_HOME", ""));
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (argument.startsWith("--home=")) {
                home.home = Path.of(argument.substring("--home=".length()));
            } else if (argument.equals("--home") && i + 1 < arguments.size()) {
                home.home = Path.of(arguments.get(i + 1));
            }
        }
        return home.folder().resolve(FILE);
    }

    /** Keys that are no option of any command: a misspelt wish must not be passed over in silence. */
    Set<String> unknown(CommandLine line) {
        Set<String> known = new HashSet<>();
        for (CommandLine command : line.getSubcommands().values()) {
            command.getCommandSpec().options().forEach(option -> known.add(key(option)));
        }
        Set<String> unknown = new TreeSet<>(file.stringPropertyNames());
        unknown.removeAll(known);
        return unknown;
    }

    private static String key(OptionSpec option) {
        return option.longestName().replaceFirst("^--?", "");
    }

    @Override
    public @Nullable String defaultValue(ArgSpec argument) {
        if (!(argument instanceof OptionSpec option) || option.usageHelp() || option.versionHelp()) {
            return null;
        }
        return value(key(option));
    }

    /** What environment or file say, or null. */
    @Nullable
    String value(String key) {
        String environment =
                System.getenv("GLEANER_" + key.toUpperCase(Locale.ROOT).replace('-', '_'));
        return environment == null || environment.isBlank() ? file.getProperty(key) : environment.strip();
    }
}
