package dev.gleaner.protocol.campaign;

/**
 * Ways beside {@code X-Robots-Tag} in which a site can say no, and whether a campaign heeds them.
 *
 * @param robotsTxt rules of {@code robots.txt} (RFC 9309) for {@code gleaner} or for all; drops as {@code robots_txt}
 * @param tdmReservation the answer's header {@code tdm-reservation: 1} (TDM Reservation Protocol, W3C community group); drops as
 *     {@code opted_out}
 */
public record OptOuts(boolean robotsTxt, boolean tdmReservation) {
    /** Of a policy that says nothing of it. */
    public static final OptOuts DEFAULT = new OptOuts(false, true);
}
