/** The progress page: static resources and the class that names where they lie. Depends on nothing. */
@NullMarked
package dev.gleaner.dashboard;

import org.jspecify.annotations.NullMarked;
