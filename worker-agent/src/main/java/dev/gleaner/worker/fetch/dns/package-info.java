/**
 * Names to addresses without the machine's own resolver library: several upstreams, hedged queries, a cache, and a rate that no
 * upstream's owner minds. Start with {@link dev.gleaner.worker.fetch.dns.NameResolver}.
 */
@NullMarked
package dev.gleaner.worker.fetch.dns;

import org.jspecify.annotations.NullMarked;
