/**
 * The calls of the protocol and of the operators, without HTTP: each ties ledger, leases, storage and intake together. Start
 * with {@link dev.gleaner.tracker.service.WorkerCalls}.
 */
@NullMarked
package dev.gleaner.tracker.service;

import org.jspecify.annotations.NullMarked;
