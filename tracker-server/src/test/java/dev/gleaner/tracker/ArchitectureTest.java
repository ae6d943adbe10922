package dev.gleaner.tracker;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The rules of the design that a compiler does not know. */
class ArchitectureTest {
    private static final String ROOT = "dev.gleaner.tracker";
    private final JavaClasses all = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    @Test
    void eachLibraryIsSeenByItsOwnPackagesOnly() {
        Map<String, List<String>> homes = Map.ofEntries(
                Map.entry("io.vertx..", List.of(ROOT + ".http..", ROOT + ".cluster..", ROOT + ".bench..", ROOT)),
                Map.entry("com.hazelcast..", List.of(ROOT + ".cluster..", ROOT + ".release.jet..", ROOT)),
                Map.entry("io.minio..", List.of(ROOT + ".storage.s3..")),
                Map.entry("okhttp3..", List.of(ROOT + ".storage.s3..")),
                Map.entry("io.micrometer..", List.of(ROOT + ".watch..", ROOT)),
                Map.entry("ch.qos.logback..", List.of(ROOT + ".watch..")),
                Map.entry("java.sql..", List.of(ROOT + ".ledger.sql..", ROOT + ".bench..", ROOT + ".cli..")),
                Map.entry("org.sqlite..", List.of(ROOT + ".ledger.sql..")),
                Map.entry("org.apache.parquet..", List.of(ROOT + ".intake..", ROOT + ".release..")),
                Map.entry("org.apache.lucene..", List.of(ROOT + ".explore..")),
                Map.entry("com.google.common..", List.of(ROOT + ".screen..")),
                Map.entry("picocli..", List.of(ROOT + ".cli..")));
        homes.forEach((library, packages) -> noClasses()
                .that()
                .resideOutsideOfPackages(packages.toArray(String[]::new))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library)
                .check(all));
    }

    @Test
    void theRulesOfTheLedgerArePure() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".ledger")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        ROOT + ".ledger.sql..",
                        ROOT + ".http..",
                        ROOT + ".lease..",
                        ROOT + ".service..",
                        "java.sql..",
                        "io.vertx..",
                        "org.slf4j..")
                .check(all);
    }

    @Test
    void theRulesOfTrustKnowNothingButTheProtocol() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".trust..")
                .should()
                .dependOnClassesThat()
                .resideOutsideOfPackages(
                        ROOT + ".trust..", "dev.gleaner.protocol..", "java..", "javax.crypto..", "org.jspecify..")
                .check(all);
    }

    @Test
    void nobodyButTheWiringReadsAClockOfItsOwn() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        ROOT + ".ledger..",
                        ROOT + ".lease..",
                        ROOT + ".intake..",
                        ROOT + ".service..",
                        ROOT + ".sites..",
                        ROOT + ".release..",
                        ROOT + ".screen..",
                        ROOT + ".storage..")
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(java.time.Instant.class, "now")
                .orShould()
                .callMethod(Math.class, "random")
                .check(all);
    }

    @Test
    void httpHasNoRulesAndStorageKnowsNoLedger() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".storage..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + ".ledger..", ROOT + ".lease..", ROOT + ".http..")
                .check(all);
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".http..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + ".lease..", ROOT + ".ledger.sql..", ROOT + ".intake..")
                .check(all);
        slices().matching(ROOT
                        + ".(lease|intake|storage|service|http|ledger|cluster|watch|trust|release|explore|screen)..")
                .should()
                .beFreeOfCycles()
                .check(all);
    }

    @Test
    void onlyMainEndsTheProcessAndNothingStaticChanges() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName(ROOT + ".Main")
                .should()
                .callMethod(System.class, "exit", int.class)
                .check(all);
        noFields()
                .that()
                .areStatic()
                .and()
                .areNotFinal()
                .should()
                .beDeclaredInClassesThat()
                .resideInAPackage(ROOT + "..")
                .allowEmptyShould(true)
                .check(all);
    }
}
