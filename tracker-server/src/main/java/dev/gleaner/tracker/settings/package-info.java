/** What operators change while trackers run. Start with {@link dev.gleaner.tracker.settings.Setting}. */
@NullMarked
package dev.gleaner.tracker.settings;

import org.jspecify.annotations.NullMarked;
