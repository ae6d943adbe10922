package dev.gleaner.protocolapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.result.CandidateDigest;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CandidateDigestTest {
    /** The definition, written again with big integers. */
    private static String byDefinition(List<String[]> candidates) throws Exception {
        BigInteger sum = BigInteger.ZERO;
        for (String[] c : candidates) {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256").digest((c[0] + "\n" + c[1]).getBytes(StandardCharsets.UTF_8));
            sum = sum.add(new BigInteger(1, java.util.Arrays.copyOf(hash, 16)));
        }
        return String.format("%032x", sum.mod(BigInteger.ONE.shiftLeft(128)));
    }

    private static CandidateDigest of(List<String[]> candidates) {
        CandidateDigest digest = new CandidateDigest();
        candidates.forEach(c -> digest.add(c[0], c[1]));
        return digest;
    }

    @Test
    void itIsTheSumOfHalvedHashesInAnyOrderAndAddsUpOverSlices() throws Exception {
        List<String[]> all = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            all.add(new String[] {"https://example.org/" + i + ".jpg", "Bild Nummer " + i + " – ünïcode"});
        }
        String expected = byDefinition(all);
        assertEquals(expected, of(all).hex());
        Collections.shuffle(all, new Random(1));
        assertEquals(expected, of(all).hex());
        CandidateDigest first = of(all.subList(0, 123));
        CandidateDigest rest = of(all.subList(123, 500));
        assertEquals(expected, CandidateDigest.sum(first.hex(), rest.hex()));
        first.add(rest);
        assertEquals(expected, first.hex());
    }

    @Test
    void theEmptySetIsZero() {
        assertEquals("0".repeat(32), new CandidateDigest().hex());
    }

    @Test
    void onlyThirtyTwoHexadecimalDigitsAreADigest() {
        assertTrue(CandidateDigest.isValid("0123456789abcdef0123456789abcdef"));
        assertFalse(CandidateDigest.isValid("0123456789ABCDEF0123456789abcdef"));
        assertFalse(CandidateDigest.isValid("00"));
    }
}
