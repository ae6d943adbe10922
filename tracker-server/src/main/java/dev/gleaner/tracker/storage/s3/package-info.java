/**
 * Objects in any store that speaks S3, through the MinIO client. The only package that sees it. Start with {@link
 * dev.gleaner.tracker.storage.s3.S3ObjectStore}.
 */
@NullMarked
package dev.gleaner.tracker.storage.s3;

import org.jspecify.annotations.NullMarked;
