package dev.gleaner.deploy.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The processes the demo starts, by name; it ends only these. */
final class Processes implements AutoCloseable {
    private final String java;
    private final Path logs;
    private final Map<String, Process> running = new LinkedHashMap<>();

    /** @param java the command that the programs are run by */
    Processes(String java, Path logs) throws IOException {
        this.java = java;
        this.logs = Files.createDirectories(logs);
    }

    /** Starts {@code java -jar jar arguments}. */
    Process java(String name, Path jar, List<String> jvm, List<String> arguments) throws IOException {
        return java(name, Map.of(), jar, jvm, arguments);
    }

    Process java(String name, Map<String, String> environment, Path jar, List<String> jvm, List<String> arguments)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(java);
        command.addAll(jvm);
        command.add("-jar");
        command.add(jar.toString());
        command.addAll(arguments);
        return start(name, environment, command);
    }

    /** Starts a program; output goes to a log file of the process's name. */
    Process start(String name, Map<String, String> environment, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log(name).toFile()));
        builder.environment().putAll(environment);
        Process process = builder.start();
        running.put(name, process);
        return process;
    }

    Path log(String name) {
        return logs.resolve(name + ".log");
    }

    /** Runs to the end and gives the output; fails with it when the exit code is not 0. */
    String run(String name, Path jar, List<String> arguments) throws IOException, InterruptedException {
        Files.deleteIfExists(log(name));
        Process process = java(name, jar, List.of(), arguments);
        if (!process.waitFor(120, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(name + " did not end within two minutes");
        }
        String output = Files.readString(log(name));
        running.remove(name);
        if (process.exitValue() != 0) {
            throw new IOException(name + " failed with exit code " + process.exitValue() + ": " + output);
        }
        return output;
    }

    /** SIGKILL: the process gets no chance to tidy up. */
    void kill(String name) throws InterruptedException {
        Process process = running.remove(name);
        if (process != null) {
            process.destroyForcibly().waitFor();
        }
    }

    /** SIGTERM and a wait. */
    boolean stop(String name, int seconds) throws InterruptedException {
        Process process = running.remove(name);
        if (process == null) {
            return true;
        }
        process.destroy();
        boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly();
        }
        return ended;
    }

    @Override
    public void close() {
        for (Process process : running.values()) {
            process.destroy();
        }
        for (Process process : running.values()) {
            try {
                if (!process.waitFor(15, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
