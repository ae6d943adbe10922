package dev.gleaner.protocol.lease;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;

/**
 * What a campaign's jobs may be, as its key has signed it: a tracker that somebody else has taken over cannot hand out anything
 * else. Its bytes as JSON are a bundle's {@code bundle.json}, whose files hold the WAT paths; they are named by their SHA-256 and
 * signed by Ed25519 (RFC 8032).
 *
 * @param kind {@value #KIND}, so that a signature made for something else says nothing here
 * @param campaign the campaign's name
 * @param base what a WAT's path is appended to
 * @param slices jobs made of each WAT
 * @param stage what the jobs do
 * @param bundle id of the model bundle
 * @param policy what to extract, fetch and keep
 * @param until ISO-8601 instant after which it is void
 * @param key the campaign's public key: X.509, base64
 * @param files {@value #PATHS}: the WAT paths, one a line
 */
public record Charter(
        String kind,
        String campaign,
        String base,
        int slices,
        Stage stage,
        String bundle,
        Policy policy,
        String until,
        String key,
        Map<String, File> files) {
    public static final String KIND = "gleaner-charter";

    /** The file of WAT paths. */
    public static final String PATHS = "wat.paths";

    private static final String ALGORITHM = "Ed25519";

    /** @param sha256 of its bytes, 64 hexadecimal digits */
    public record File(long bytes, String sha256) {}

    /**
     * Names a charter.
     *
     * @param id SHA-256 of its bytes, 64 hexadecimal digits
     * @param signature of its bytes, base64
     */
    public record Ref(String id, String signature) {}

    /** Whether a text is a public key. */
    public static boolean isKey(String key) {
        try {
            publicKey(key);
            return true;
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return false;
        }
    }

    private static PublicKey publicKey(String key) throws GeneralSecurityException {
        return KeyFactory.getInstance(ALGORITHM)
                .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(key)));
    }

    /** Whether the key has signed these bytes. */
    public static boolean isSigned(byte[] bytes, String signature, String key) {
        try {
            Signature check = Signature.getInstance(ALGORITHM);
            check.initVerify(publicKey(key));
            check.update(bytes);
            return check.verify(Base64.getDecoder().decode(signature));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return false;
        }
    }

    /** What is wrong with the charter in itself, or an empty text. */
    public String fault(Instant now) {
        if (!KIND.equals(kind)) {
            return "what is signed is no charter";
        }
        if (campaign == null
                || base == null
                || stage == null
                || bundle == null
                || policy == null
                || until == null
                || key == null
                || files == null
                || files.get(PATHS) == null) {
            return "the charter is not whole";
        }
        try {
            return now.isAfter(Instant.parse(until)) ? "the charter was good until " + until : "";
        } catch (DateTimeException e) {
            return "the charter says no instant until which it is good";
        }
    }

    /** What a lease asks for that the charter does not allow, or an empty text. Whether its WAT is listed is another question. */
    public String fault(Lease lease) {
        if (!campaign.equals(lease.campaign())) {
            return "the charter is that of another campaign";
        }
        if (!lease.wat().equals(base + lease.watPath())) {
            return "the WAT lies elsewhere than the charter says";
        }
        if (lease.slice().count() != slices) {
            return "the WAT is cut otherwise than the charter says";
        }
        if (lease.does() != stage) {
            return "the charter says something else is to be done";
        }
        if (!bundle.equals(lease.bundle())) {
            return "the charter names another model";
        }
        return policy.equals(lease.policy()) ? "" : "the charter has another policy";
    }
}
