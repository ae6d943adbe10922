package dev.gleaner.tracker.storage.s3;

import java.net.URI;
import java.util.EnumSet;
import java.util.Set;
import org.testcontainers.containers.MinIOContainer;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;

/** MinIO's last published image, where Docker is. */
@Testcontainers(disabledWithoutDocker = true)
class MinioContainerStoreIT extends S3Contract {
    @Container
    private static final MinIOContainer SERVER = new MinIOContainer("minio/minio:RELEASE.2025-09-07T16-13-09Z")
            .withUserName("gleaner-test")
            .withPassword("gleaner-test-secret");

    @Override
    URI endpoint() {
        return URI.create(SERVER.getS3URL());
    }

    @Override
    protected Set<Wrong> refuses() {
        return EnumSet.allOf(Wrong.class);
    }
}
