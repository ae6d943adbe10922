/**
 * The ledger on SQLite: one writer thread, group commit, compare-and-set. The only package that sees {@code java.sql}. Start
 * with {@link dev.gleaner.tracker.ledger.sql.SqliteLedger}.
 */
@NullMarked
package dev.gleaner.tracker.ledger.sql;

import org.jspecify.annotations.NullMarked;
