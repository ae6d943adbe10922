package dev.gleaner.worker.fetch;

/** How this crawler introduces itself: its name, version, and where a site owner reaches somebody. */
public final class UserAgent {
    private UserAgent() {}

    /**
     * @param version of the agent
     * @param contact an address or page of the people who run the campaign
     */
    public static String of(String version, String contact) {
        String safe = contact.replaceAll("[^\\x20-\\x7e]", "").replaceAll("[()]", "");
        return "gleaner/" + version.replaceAll("[^0-9A-Za-z.-].*", "") + " (+" + safe + ")";
    }
}
