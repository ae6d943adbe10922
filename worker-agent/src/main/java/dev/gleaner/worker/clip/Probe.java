package dev.gleaner.worker.clip;

/** Proves that encoders run at a place, where finding that out could take the process down. */
public interface Probe {
    /** Believes every place. */
    Probe NONE = (bundle, place) -> {};

    /** @throws BundleException when they do not run there */
    void require(Bundle bundle, Encoders.Place place) throws BundleException;
}
