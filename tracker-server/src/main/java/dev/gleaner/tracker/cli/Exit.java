package dev.gleaner.tracker.cli;

/** Exit codes, as in sysexits(3), so that scripts can tell what kind of failure it was. */
public final class Exit {
    public static final int OK = 0;
    /** Something needs a person. */
    public static final int ATTENTION = 1;
    /** The command was used wrongly. */
    public static final int USAGE = 64;
    /** Input data was wrong. */
    public static final int DATA = 65;
    /** An input was missing or unreadable. */
    public static final int NO_INPUT = 66;
    /** A service is unavailable. */
    public static final int UNAVAILABLE = 69;
    /** A bug. */
    public static final int SOFTWARE = 70;
    /** An output could not be written. */
    public static final int CANT_CREATE = 73;
    /** Input or output failed. */
    public static final int IO = 74;
    /** Try again later. */
    public static final int TEMPORARY = 75;
    /** Not allowed. */
    public static final int NO_PERMISSION = 77;

    private Exit() {}
}
