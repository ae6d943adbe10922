package dev.gleaner.tracker.ledger.sql;

import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.postgresql.PostgreSQLContainer;

/** PostgreSQL's own image, where Docker is. */
@Testcontainers(disabledWithoutDocker = true)
class PostgresContainerLedgerIT extends PostgresContract {
    @Container
    private static final PostgreSQLContainer SERVER =
            new PostgreSQLContainer("postgres:17.6").withUsername("gleaner").withPassword("gleaner");

    @Override
    String url(String name) {
        return "jdbc:postgresql://" + SERVER.getHost() + ":" + SERVER.getMappedPort(5432) + "/" + name
                + "?user=gleaner&password=gleaner";
    }
}
