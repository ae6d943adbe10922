package dev.gleaner.tracker.release;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.shard.Column;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The texts around a release's data: card, Croissant metadata, the preset, a word on rights, pictures of histograms. */
final class Card {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int BARS = 100;

    private Card() {}

    /** Names and contents. */
    static Map<String, String> files(ReleaseManifest release, Survey survey, Cut cut) {
        Map<String, String> files = new LinkedHashMap<>();
        files.put("readme.md", readme(release));
        files.put("croissant.json", croissant(release));
        files.put("preset.json", release.preset().json() + "\n");
        files.put("license.txt", RIGHTS);
        for (int part = 0; part < release.preset().parts().size(); part++) {
            String name = release.preset().parts().get(part).name();
            files.put(
                    "similarity-" + name + ".svg",
                    histogram(survey, part, cut.fromBin().get(part), name));
        }
        return files;
    }

    private static final String RIGHTS = """
            The table (addresses, texts, numbers) is made available under CC-BY 4.0, as LAION's are. It contains no pictures.

            Pictures and texts belong to whoever made them. An address in this table gives no right to a picture; whether and how
            it may be used is for whoever downloads it to find out. Where the page named a Creative Commons licence, the column
            LICENSE says which; that is the page's word and nobody has checked it.
            """;

    private static String readme(ReleaseManifest r) {
        StringBuilder card = new StringBuilder();
        line(card, "---");
        line(card, "pretty_name: " + r.name());
        line(card, "task_categories: [text-to-image, image-to-text, zero-shot-classification]");
        line(card, "configs:");
        for (Preset.Part part : r.preset().parts()) {
            line(card, "  - config_name: " + part.name());
            line(card, "    data_files: \"" + part.name() + "-*.parquet\"");
        }
        line(card, "---");
        line(card, "# " + r.name());
        line(card, "");
        line(
                card,
                String.format(
                        Locale.ROOT,
                        "%,d image–text pairs of the campaign %s, made with Gleaner.",
                        r.rows(),
                        r.campaign()));
        line(card, "");
        line(
                card,
                "**What.** Addresses of pictures, their alt texts, and the cosine similarity that a CLIP model gives the two. No pictures.");
        line(card, "");
        line(
                card,
                "**From where.** Links in Common Crawl's WAT files, read, fetched and scored by volunteers' machines. Each row names its WAT, the record's offset, the job, the attempt, the worker, the model bundle (`"
                        + r.bundle() + "`) and the SHA-256 of the picture's bytes as they were seen.");
        line(card, "");
        line(card, "**Chosen by.** `" + r.preset().id() + "`: " + r.preset().description());
        line(card, "");
        line(card, "| | pairs |");
        line(card, "| --- | --- |");
        row(card, "in " + r.shards() + " accepted shards", r.read());
        new TreeMap<>(r.leftOut()).forEach((reason, count) -> row(card, "left out: " + reason, count));
        row(card, "left out: address and text stand here already", r.duplicates());
        row(card, "**in this release**", r.rows());
        line(card, "");
        for (Preset.Part part : r.preset().parts()) {
            line(card, "![Similarity of " + part.name() + "](similarity-" + part.name() + ".svg)");
        }
        line(card, "");
        line(
                card,
                "**Order.** Pairs are sorted by a digest of address and text, which mixes them; a file is a random sample. The same shards, preset and wishes to be left out give the same bytes.");
        line(card, "");
        line(
                card,
                "**Files.** `PART-NNNNN.parquet` has the table, `PART-NNNNN.npy` the pictures' embeddings in half precision, row by row. `manifest.json` has the SHA-256 of each.");
        line(card, "");
        line(
                card,
                "    img2dataset --url_list . --input_format parquet --url_col URL --caption_col TEXT --compute_hash sha256 --verify_hash '[\"image_sha256\",\"sha256\"]'");
        line(card, "    duckdb -c \"SELECT count(*), avg(similarity) FROM '*.parquet'\"");
        line(card, "");
        line(
                card,
                "**Left out at people's wish** (`opted_out`): addresses, domains, pages and pictures that somebody asked to be left out of, and domains whose owners stopped the crawl. Such a wish is honoured by the next release.");
        line(card, "");
        line(
                card,
                "**Safety.** The column NSFW is the guess of a small head on the embedding, null where the model has none. Nobody has looked at the pairs. Do not train on them without a look of your own.");
        line(card, "");
        line(card, "**Contributors** are not named, for nobody was asked whether they wish it.");
        line(card, "");
        line(card, "**Rights.** See `license.txt`.");
        return card.toString();
    }

    private static void line(StringBuilder to, String text) {
        to.append(text).append('\n');
    }

    private static void row(StringBuilder to, String what, long count) {
        line(to, String.format(Locale.ROOT, "| %s | %,d |", what, count));
    }

    /** MLCommons Croissant 1.0. */
    private static String croissant(ReleaseManifest r) {
        List<Object> distribution = new ArrayList<>();
        List<Object> records = new ArrayList<>();
        for (Preset.Part part : r.preset().parts()) {
            for (PartFile file : r.files()) {
                if (file.name().startsWith(part.name() + "-") && file.name().endsWith(".parquet")) {
                    distribution.add(map(
                            "@type", "cr:FileObject",
                            "@id", file.name(),
                            "name", file.name(),
                            "contentUrl", file.name(),
                            "contentSize", file.bytes() + " B",
                            "encodingFormat", "application/x-parquet",
                            "sha256", file.sha256()));
                }
            }
            distribution.add(map(
                    "@type",
                    "cr:FileSet",
                    "@id",
                    part.name(),
                    "name",
                    part.name(),
                    "includes",
                    part.name() + "-*.parquet",
                    "encodingFormat",
                    "application/x-parquet"));
            List<Object> fields = new ArrayList<>();
            for (Column column : ReleaseColumn.all()) {
                fields.add(map(
                        "@type", "cr:Field",
                        "@id", part.name() + "/" + column.column(),
                        "name", column.column(),
                        "dataType", type(column),
                        "source", map("fileSet", map("@id", part.name()), "extract", map("column", column.column()))));
            }
            records.add(
                    map("@type", "cr:RecordSet", "@id", "pairs-" + part.name(), "name", part.name(), "field", fields));
        }
        Map<String, Object> croissant = map(
                "@context",
                map(
                        "@language", "en",
                        "@vocab", "https://schema.org/",
                        "sc", "https://schema.org/",
                        "cr", "http://mlcommons.org/croissant/",
                        "dct", "http://purl.org/dc/terms/",
                        "conformsTo", "dct:conformsTo",
                        "recordSet", "cr:recordSet",
                        "field", "cr:field",
                        "fileSet", "cr:fileSet",
                        "includes", "cr:includes",
                        "extract", "cr:extract",
                        "column", "cr:column",
                        "source", "cr:source",
                        "dataType", map("@id", "cr:dataType", "@type", "@vocab")),
                "@type",
                "sc:Dataset",
                "conformsTo",
                "http://mlcommons.org/croissant/1.0",
                "name",
                r.name(),
                "description",
                r.rows() + " image-text pairs of the campaign " + r.campaign() + ". "
                        + r.preset().description(),
                "license",
                "https://creativecommons.org/licenses/by/4.0/",
                "distribution",
                distribution,
                "recordSet",
                records);
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(croissant) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps can always be written", e);
        }
    }

    private static String type(Column column) {
        return switch (column.kind()) {
            case INT32, INT64 -> "sc:Integer";
            case FLOAT -> "sc:Float";
            case TIMESTAMP_MILLIS -> "sc:DateTime";
            case TEXT -> column.column().toLowerCase(Locale.ROOT).endsWith("url") ? "sc:URL" : "sc:Text";
            case BYTES, HALF_LIST -> "sc:Text";
        };
    }

    private static Map<String, Object> map(Object... pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put((String) pairs[i], pairs[i + 1]);
        }
        return map;
    }

    /** Of the pairs that the preset's conditions take, before duplicates go; from 0 to 1. */
    private static String histogram(Survey survey, int part, int fromBin, String name) {
        int half = Survey.BINS / 2;
        long[] bars = new long[BARS];
        long most = 1;
        for (int i = 0; i < BARS; i++) {
            int from = half + i * half / BARS;
            int to = half + (i + 1) * half / BARS;
            bars[i] = survey.taken(part, Math.max(from, fromBin)) - survey.taken(part, Math.max(to, fromBin));
            most = Math.max(most, bars[i]);
        }
        StringBuilder svg = new StringBuilder();
        line(
                svg,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 220\" role=\"img\" font-family=\"sans-serif\" font-size=\"12\">");
        line(svg, "<title>Cosine similarity of " + name + "</title>");
        line(svg, "<rect width=\"640\" height=\"220\" fill=\"#fff\"/>");
        for (int i = 0; i < BARS; i++) {
            double height = 170.0 * bars[i] / most;
            line(
                    svg,
                    String.format(
                            Locale.ROOT,
                            "<rect x=\"%d\" y=\"%.1f\" width=\"5\" height=\"%.1f\" fill=\"#2b6cb0\"/>",
                            20 + 6 * i,
                            190 - height,
                            height));
        }
        for (int tick = 0; tick <= 10; tick += 2) {
            line(
                    svg,
                    String.format(
                            Locale.ROOT,
                            "<text x=\"%d\" y=\"208\" text-anchor=\"middle\">%.1f</text>",
                            20 + 60 * tick,
                            tick / 10.0));
        }
        line(svg, "</svg>");
        return svg.toString();
    }
}
