/**
 * Objects as files of this machine, uploaded through links that the tracker signs (HMAC-SHA256).
 */
@NullMarked
package dev.gleaner.tracker.storage.file;

import org.jspecify.annotations.NullMarked;
