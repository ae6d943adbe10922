package dev.gleaner.protocol.lease;

import java.util.List;

/**
 * {@code POST /v1/leases/{job}/{token}/screen}: which of these shall be left out. Things are told by {@link Marks}, so that
 * neither side sees more of the other's than it must.
 */
public final class Screen {
    /** The most links, and the most pictures, in one request. */
    public static final int MAX = 8_192;

    /** Marks of each link: of its address by MD5, SHA-1 and SHA-256. */
    public static final int MARKS_A_LINK = 3;

    /** Marks of each picture: of its bytes by MD5, SHA-1 and SHA-256. */
    public static final int MARKS_A_PICTURE = 3;

    private Screen() {}

    /**
     * Whatever is not asked about is empty.
     *
     * @param links {@value #MARKS_A_LINK} marks for each link
     * @param sites of the hosts in the links and of the domains above them, each once, by SHA-256
     * @param pages of the pages that the links stand on, each once, by SHA-256
     * @param pictures {@value #MARKS_A_PICTURE} marks for each picture
     */
    public record Request(byte[] links, byte[] sites, byte[] pages, byte[] pictures) {}

    /**
     * Places of what shall be left out, from 0, in what was asked.
     *
     * @param links somebody asked to leave the address out
     * @param known the address was a candidate of an accepted job
     */
    public record Response(
            List<Integer> links,
            List<Integer> sites,
            List<Integer> pages,
            List<Integer> pictures,
            List<Integer> known) {}
}
