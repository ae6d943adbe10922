package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.tracker.service.BundleShelf;
import dev.gleaner.tracker.storage.Digests;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** What campaigns are made of and lies in files: policies, rules of comparing, WAT paths, model bundles. */
final class CampaignFiles {
    private CampaignFiles() {}

    /** {@code none}, {@code adaptive}, or a file with what differs from adaptive. */
    static @Nullable Replication replication(String rule) throws IOException {
        return switch (rule) {
            case "none" -> null;
            case "adaptive" -> Replication.ADAPTIVE;
            default -> changed(Replication.ADAPTIVE, Replication.class, Path.of(rule));
        };
    }

    /** The default policy with what the file says otherwise. */
    static Policy policy(@Nullable Path file) throws IOException {
        return file == null ? Policy.laion400m() : changed(Policy.laion400m(), Policy.class, file);
    }

    /**
     * Rules with what a file says otherwise.
     *
     * @throws Failure when there is no such file, or no such rule
     */
    static <T> T changed(T before, Class<T> type, Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new Failure(Exit.NO_INPUT, "there is no file " + file);
        }
        ObjectNode rules = OperatorOptions.JSON.valueToTree(before);
        try {
            if (!(OperatorOptions.JSON.readTree(Files.readString(file)) instanceof ObjectNode changes)) {
                throw new Failure(Exit.DATA, file + " has no rules: it must be a JSON object");
            }
            rules.setAll(changes);
            return OperatorOptions.JSON.treeToValue(rules, type);
        } catch (JsonProcessingException e) {
            throw new Failure(Exit.DATA, file + " has no such rules: " + Printable.of(e.getOriginalMessage(), 300));
        }
    }

    /** What WAT paths are appended to: an address as it is, a folder as one. */
    static String address(String base) {
        if (base.contains("://")) {
            return base.endsWith("/") ? base : base + "/";
        }
        String uri = Path.of(base).toAbsolutePath().normalize().toUri().toString();
        return uri.endsWith("/") ? uri : uri + "/";
    }

    /** WAT paths, one a line, packed or not. */
    static List<String> paths(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new Failure(Exit.NO_INPUT, "there is no file " + file);
        }
        try (InputStream raw = Files.newInputStream(file);
                InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw;
                BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            return lines.lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
        }
    }

    /**
     * Uploads a model bundle, or what the tracker lacks of it.
     *
     * @return its id
     */
    static String upload(OperatorOptions operator, Path folder) throws IOException {
        Path manifest = folder.resolve(BundleShelf.MANIFEST);
        if (!Files.isRegularFile(manifest)) {
            throw new Failure(Exit.NO_INPUT, "there is no model bundle in " + folder);
        }
        String id = Digests.sha256(manifest);
        operator.put("v1/operator/bundles/" + id + "/" + BundleShelf.MANIFEST, manifest);
        JsonNode files =
                OperatorOptions.JSON.readTree(Files.readAllBytes(manifest)).path("files");
        for (var names = files.fieldNames(); names.hasNext(); ) {
            String file = names.next();
            operator.put("v1/operator/bundles/" + id + "/" + file, folder.resolve(file));
        }
        return id;
    }
}
