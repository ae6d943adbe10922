package dev.gleaner.protocol.result;

import java.util.Locale;

/** Why a candidate did not become a kept pair. Each candidate is either kept or dropped under exactly one of these. */
public enum PairDrop {
    /** The name does not resolve. */
    DNS,
    /** The address is loopback, private, or otherwise not of the public internet. */
    PRIVATE_ADDRESS,
    /** The port is not one the worker connects to. */
    FORBIDDEN_PORT,
    CONNECT,
    TLS,
    /** The connection broke or the answer was not HTTP. */
    PROTOCOL,
    /** The whole request, redirects and body included, took too long. */
    TIMEOUT,
    TOO_MANY_REDIRECTS,
    BAD_REDIRECT,
    /** Any status but 200. */
    HTTP_STATUS,
    /** The answer's headers ask not to be used: {@code X-Robots-Tag} or {@code tdm-reservation}. */
    OPTED_OUT,
    /** The site's {@code robots.txt} forbids the address. */
    ROBOTS_TXT,
    /** Somebody asked the tracker's operators to leave the address, its site, its page or the picture out. */
    LEFT_OUT,
    /** The address was a candidate of an accepted job, and the policy does not want it twice. */
    KNOWN,
    TOO_SMALL,
    TOO_LARGE,
    /** The bytes are not a picture, or of a format the policy does not keep. */
    NOT_AN_IMAGE,
    TOO_MANY_PIXELS,
    /** The picture is broken or cut short. */
    UNDECODABLE,
    BELOW_THRESHOLD,
    /** The model's vocabulary has no tokens for the text. */
    UNKNOWN_TEXT;

    public String wire() {
        return name().toLowerCase(Locale.ROOT);
    }
}
