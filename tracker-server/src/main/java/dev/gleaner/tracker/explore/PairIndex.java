package dev.gleaner.tracker.explore;

import dev.gleaner.protocol.shard.HalfFloat;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.tracker.release.OptOuts;
import dev.gleaner.tracker.release.PairRow;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.LongPoint;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.jspecify.annotations.Nullable;

/**
 * A search index over the pairs of a release: texts by BM25, embeddings by HNSW (Malkov and Yashunin 2018), both Lucene's; hosts,
 * addresses and digests to the letter. Reading is safe for any thread.
 */
public final class PairIndex implements AutoCloseable {
    private static final int LONGEST_TERM_BYTES = 8_000;
    private static final int MOST_WORDS = 32;
    /** A host with more labels than this is looked for by its last ones. */
    private static final int MOST_LABELS = 12;

    private static final String ID = "id";
    private static final String URL = "url";
    private static final String HOST = "host";
    private static final String PAGE = "page";
    private static final String IMAGE = "image";
    private static final String TEXT = "text";
    private static final String VECTOR = "vector";

    private final Directory directory;
    private final DirectoryReader reader;
    private final Analyzer analyzer = new StandardAnalyzer();

    /** Opens one that was built. */
    public PairIndex(Path folder) throws IOException {
        this.directory = FSDirectory.open(folder);
        this.reader = DirectoryReader.open(directory);
    }

    /** Builds an index; close it when all pairs are in. One thread. */
    public static final class Builder implements AutoCloseable {
        private final Directory directory;
        private final IndexWriter writer;

        public Builder(Path folder) throws IOException {
            this.directory = FSDirectory.open(folder);
            this.writer = new IndexWriter(
                    directory,
                    new IndexWriterConfig(new StandardAnalyzer())
                            .setOpenMode(IndexWriterConfig.OpenMode.CREATE)
                            .setRAMBufferSizeMB(64));
        }

        public void add(PairRow row) throws IOException {
            Document document = new Document();
            document.add(new LongPoint(ID, row.sampleId()));
            document.add(new StoredField("sampleId", row.sampleId()));
            term(document, URL, row.url());
            term(document, PAGE, row.pageUrl());
            ImageHashes image = row.hashes();
            image(document, "sha256", image.sha256());
            image(document, "md5", image.md5());
            image(document, "sha1", image.sha1());
            for (String name : names(OptOuts.host(row.url()))) {
                term(document, HOST, name);
            }
            document.add(new TextField(TEXT, row.text(), Field.Store.YES));
            document.add(new StoredField("urlStored", row.url()));
            document.add(new StoredField("pageStored", row.pageUrl()));
            document.add(new StoredField("width", row.width()));
            document.add(new StoredField("height", row.height()));
            document.add(new StoredField("similarity", row.similarity()));
            stored(document, "license", row.license());
            stored(document, "nsfw", row.marks().nsfw());
            stored(document, "language", row.language());
            float[] vector = floats(row.embedding());
            if (isUsable(vector)) {
                document.add(new KnnFloatVectorField(VECTOR, vector, VectorSimilarityFunction.COSINE));
            }
            writer.addDocument(document);
        }

        private static void image(Document document, String name, @Nullable String digest) {
            if (digest != null) {
                document.add(new StringField(IMAGE, digest, Field.Store.NO));
                document.add(new StoredField(name, digest));
            }
        }

        private static void stored(Document document, String name, @Nullable String value) {
            if (value != null) {
                document.add(new StoredField(name, value));
            }
        }

        private static void term(Document document, String field, String value) {
            if (value.getBytes(StandardCharsets.UTF_8).length <= LONGEST_TERM_BYTES) {
                document.add(new StringField(field, value, Field.Store.NO));
            }
        }

        @Override
        public void close() throws IOException {
            try (Directory closing = directory) {
                writer.close();
            }
        }
    }

    /** A host and the names above it. */
    private static List<String> names(String host) {
        List<String> names = new ArrayList<>();
        for (String name = host; !name.isEmpty() && names.size() < MOST_LABELS; ) {
            names.add(name);
            int dot = name.indexOf('.');
            name = dot < 0 ? "" : name.substring(dot + 1);
        }
        return names;
    }

    private static float[] floats(ByteBuffer halves) {
        float[] numbers = new float[Math.min(1024, halves.remaining() / 2)];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = HalfFloat.toFloat(halves.getShort(halves.position() + 2 * i));
        }
        return numbers;
    }

    private static boolean isUsable(float[] vector) {
        float square = 0;
        for (float number : vector) {
            square += number * number;
        }
        return square > 0 && Float.isFinite(square);
    }

    /** How many pairs are in it. */
    public int size() {
        return reader.numDocs();
    }

    /** Pairs whose texts have these words, the best first. */
    public List<Hit> byWords(String words, int most) throws IOException {
        BooleanQuery.Builder query = new BooleanQuery.Builder();
        int count = 0;
        try (TokenStream tokens = analyzer.tokenStream(TEXT, words)) {
            CharTermAttribute term = tokens.addAttribute(CharTermAttribute.class);
            tokens.reset();
            while (tokens.incrementToken() && count++ < MOST_WORDS) {
                query.add(new TermQuery(new Term(TEXT, term.toString())), BooleanClause.Occur.SHOULD);
            }
            tokens.end();
        }
        return count == 0 ? List.of() : hits(query.build(), most);
    }

    /** Pairs of a host and all names below it. */
    public List<Hit> byDomain(String name, int most) throws IOException {
        return hits(new TermQuery(new Term(HOST, name)), most);
    }

    /** Pairs whose picture, or whose page, has this address. */
    public List<Hit> byAddress(String url, int most) throws IOException {
        return hits(
                new BooleanQuery.Builder()
                        .add(new TermQuery(new Term(URL, url)), BooleanClause.Occur.SHOULD)
                        .add(new TermQuery(new Term(PAGE, url)), BooleanClause.Occur.SHOULD)
                        .build(),
                most);
    }

    /** Pairs of a picture, by the MD5, SHA-1 or SHA-256 of its bytes, lower case. */
    public List<Hit> byImage(String digest, int most) throws IOException {
        return hits(new TermQuery(new Term(IMAGE, digest)), most);
    }

    /** Pairs whose pictures are most like that of this one, itself first; none when there is no such pair. */
    public List<Hit> like(long sampleId, int most) throws IOException {
        Optional<float[]> vector = vector(sampleId);
        return vector.isEmpty() ? List.of() : hits(new KnnFloatVectorQuery(VECTOR, vector.get(), most), most);
    }

    /** Pairs whose pictures are nearest to an embedding; none when the release has embeddings of another length. */
    public List<Hit> near(float[] embedding, int most) throws IOException {
        for (LeafReaderContext leaf : reader.leaves()) {
            FloatVectorValues values = leaf.reader().getFloatVectorValues(VECTOR);
            if (values != null && values.dimension() != embedding.length) {
                return List.of();
            }
        }
        return hits(new KnnFloatVectorQuery(VECTOR, embedding, most), most);
    }

    private Optional<float[]> vector(long sampleId) throws IOException {
        IndexSearcher searcher = new IndexSearcher(reader);
        ScoreDoc[] found = searcher.search(LongPoint.newExactQuery(ID, sampleId), 1).scoreDocs;
        if (found.length == 0) {
            return Optional.empty();
        }
        for (LeafReaderContext leaf : reader.leaves()) {
            int local = found[0].doc - leaf.docBase;
            FloatVectorValues values = local < 0 || local >= leaf.reader().maxDoc()
                    ? null
                    : leaf.reader().getFloatVectorValues(VECTOR);
            if (values != null && values.advance(local) == local && values.docID() != DocIdSetIterator.NO_MORE_DOCS) {
                return Optional.of(values.vectorValue().clone());
            }
        }
        return Optional.empty();
    }

    private List<Hit> hits(Query query, int most) throws IOException {
        IndexSearcher searcher = new IndexSearcher(reader);
        StoredFields stored = searcher.storedFields();
        List<Hit> hits = new ArrayList<>();
        for (ScoreDoc found : searcher.search(query, most).scoreDocs) {
            Document d = stored.document(found.doc);
            hits.add(new Hit(
                    d.getField("sampleId").numericValue().longValue(),
                    d.get("urlStored"),
                    d.get(TEXT),
                    d.get("pageStored"),
                    d.getField("width").numericValue().intValue(),
                    d.getField("height").numericValue().intValue(),
                    d.getField("similarity").numericValue().floatValue(),
                    d.get("license"),
                    d.get("nsfw"),
                    d.get("language"),
                    new ImageHashes(d.get("sha256"), d.get("md5"), d.get("sha1"), null),
                    found.score));
        }
        return hits;
    }

    @Override
    public void close() throws IOException {
        try (Directory closing = directory) {
            reader.close();
        }
    }
}
