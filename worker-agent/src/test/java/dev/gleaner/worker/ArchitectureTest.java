package dev.gleaner.worker;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
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
    private static final String ROOT = "dev.gleaner.worker";
    private final JavaClasses all = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    @Test
    void eachLibraryIsSeenByItsOwnPackagesOnly() {
        Map<String, List<String>> homes = Map.of(
                "opennlp..", List.of(ROOT + ".language.."),
                "io.netty..", List.of(ROOT + ".fetch..", ROOT + ".bench.."),
                "ai.djl..", List.of(ROOT + ".clip.."),
                "org.jsoup..", List.of(ROOT + ".extract..", ROOT + ".clip.."),
                "org.apache.parquet..", List.of(ROOT + ".shard.."),
                "com.ibm.icu..", List.of(ROOT + ".extract..", ROOT + ".url.."),
                "javax.imageio..", List.of(ROOT + ".image..", ROOT + ".bench..", ROOT + ".cli.."),
                "org.bytedeco..", List.of(ROOT + ".image"),
                "io.micrometer..", List.of(ROOT + ".watch.."),
                "picocli..", List.of(ROOT + ".cli.."));
        homes.forEach((library, packages) -> noClasses()
                .that()
                .resideOutsideOfPackages(packages.toArray(String[]::new))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library)
                .check(all));
    }

    @Test
    void stepsDoNotSeeEachOther() {
        List<String> steps = List.of("wat", "extract", "fetch", "shard", "pipeline");
        for (String step : steps) {
            String[] others = steps.stream()
                    .filter(s -> !s.equals(step))
                    .map(s -> ROOT + "." + s + "..")
                    .toArray(String[]::new);
            noClasses()
                    .that()
                    .resideInAPackage(ROOT + "." + step + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(others)
                    .check(all);
        }
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(all);
    }

    @Test
    void theRulesHaveNoClockAndNoRandomness() {
        noClasses()
                .that()
                .resideInAnyPackage(ROOT + ".extract..", ROOT + ".url..", ROOT + ".fetch.guard..", ROOT + ".image..")
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(java.time.Instant.class, "now")
                .orShould()
                .callMethod(Math.class, "random")
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
        classes()
                .that()
                .resideInAPackage(ROOT + ".cli..")
                .and()
                .haveSimpleNameEndingWith("Command")
                .should()
                .beAnnotatedWith(picocli.CommandLine.Command.class)
                .check(all);
    }
}
