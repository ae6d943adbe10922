/**
 * How the swarm as a whole treats web sites: plain rules over what workers report. Start with {@link
 * dev.gleaner.tracker.sites.SiteDesk}.
 */
@NullMarked
package dev.gleaner.tracker.sites;

import org.jspecify.annotations.NullMarked;
