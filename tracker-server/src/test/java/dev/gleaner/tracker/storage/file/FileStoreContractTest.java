package dev.gleaner.tracker.storage.file;

import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.tracker.storage.ObjectStore;
import dev.gleaner.tracker.storage.ObjectStoreContract;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The embedded store; a PUT goes through the two doors behind the tracker's HTTP. */
class FileStoreContractTest extends ObjectStoreContract {
    private FileObjectStore files;

    @Override
    protected ObjectStore open(InstantSource clock) throws IOException {
        FileObjectStore opened = new FileObjectStore(folder.resolve("objects"), new byte[32], clock);
        if (files == null) {
            files = opened;
        }
        return opened;
    }

    private static Map<String, String> query(URI uri) {
        Map<String, String> query = new HashMap<>();
        for (String pair : List.of(uri.getQuery().split("&", -1))) {
            query.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
        }
        return query;
    }

    @Override
    protected Optional<byte[]> get(String link) throws Exception {
        URI uri = URI.create(link);
        Map<String, String> query = query(uri);
        try {
            return Optional.of(Files.readAllBytes(files.linked(
                    uri.getPath().substring("/v1/objects/".length()),
                    Long.parseLong(query.get("expires")),
                    query.get("signature"))));
        } catch (FileObjectStore.RefusedException e) {
            return Optional.empty();
        }
    }

    @Override
    protected int put(Tickets.Ticket ticket, byte[] body) throws Exception {
        URI uri = URI.create(ticket.url());
        Map<String, String> query = query(uri);
        FileObjectStore.Link link = new FileObjectStore.Link(
                uri.getPath().substring("/v1/objects/".length()),
                Long.parseLong(query.get("bytes")),
                query.get("sha256"),
                Long.parseLong(query.get("expires")),
                query.get("signature"));
        try {
            files.check(link);
            Path upload = files.newUpload();
            Files.write(upload, body);
            files.take(link, upload);
            return 200;
        } catch (FileObjectStore.RefusedException e) {
            return e.code().status();
        }
    }

    /** The very same bytes again change nothing and are welcome: a worker whose answer was lost tries again. */
    @Override
    protected Set<Wrong> refuses() {
        return EnumSet.complementOf(EnumSet.of(Wrong.SECOND_PUT));
    }
}
