package org.alexnet;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/** The walls between core's packages, and between core and what stands on it. */
class ArchitectureTest {
  private static final JavaClasses CORE =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("org.alexnet");

  private static final String[] JAVA = {"java..", "javax..", "jdk.."};

  private static void check(ArchRule rule) {
    rule.check(CORE);
  }

  private static String[] with(String... packages) {
    String[] all = new String[packages.length + JAVA.length + 1];
    System.arraycopy(packages, 0, all, 0, packages.length);
    System.arraycopy(JAVA, 0, all, packages.length, JAVA.length);
    all[all.length - 1] = "org.alexnet";
    return all;
  }

  private static void mayUseOnly(String of, String... packages) {
    check(
        classes()
            .that()
            .resideInAPackage(of)
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with(packages)));
  }

  @Test
  void coreKnowsNoBackendAndNoCommandLine() {
    check(
        noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "org.alexnet.cpu..",
                "org.alexnet.cuda..",
                "org.alexnet.cli..",
                "picocli..",
                "jdk.incubator.."));
  }

  @Test
  void theNetworkIsData() {
    check(
        classes()
            .that()
            .resideInAPackage("org.alexnet.network")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("org.alexnet.network", "org.alexnet", "java.."));
  }

  @Test
  void programsAreMadeOfTheNetworkAlone() {
    mayUseOnly("org.alexnet.program", "org.alexnet.program", "org.alexnet.network");
  }

  @Test
  void backendsSeeProgramsAndBatches() {
    mayUseOnly(
        "org.alexnet.backend..",
        "org.alexnet.backend..",
        "org.alexnet.program",
        "org.alexnet.data..");
    mayUseOnly("org.alexnet.backend.plan", "org.alexnet.backend.plan", "org.alexnet.program");
  }

  @Test
  void theReferenceIsABackendLikeAnyOther() {
    mayUseOnly(
        "org.alexnet.reference",
        "org.alexnet.reference",
        "org.alexnet.backend..",
        "org.alexnet.program",
        "org.alexnet.network",
        "org.alexnet.data..",
        "org.alexnet.random");
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("org.alexnet.reference")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.alexnet.reference"));
  }

  @Test
  void dataAndFilesKnowNothingOfTraining() {
    mayUseOnly(
        "org.alexnet.data..",
        "org.alexnet.data..",
        "org.alexnet.random",
        "org.alexnet.file",
        "org.alexnet.tensor",
        "org.alexnet.safetensors",
        "org.apache.commons.math3.linear",
        "org.apache.commons.math3.special");
    mayUseOnly("org.alexnet.tensor", "org.alexnet.tensor");
    mayUseOnly("org.alexnet.file", "org.alexnet.file", "com.fasterxml.jackson..");
    mayUseOnly(
        "org.alexnet.safetensors",
        "org.alexnet.safetensors",
        "org.alexnet.tensor",
        "org.alexnet.file",
        "com.fasterxml.jackson..");
    mayUseOnly(
        "org.alexnet.weights.format",
        "org.alexnet.weights.format",
        "org.alexnet.tensor",
        "org.alexnet.safetensors",
        "org.alexnet.file",
        "org.alexnet.data",
        "com.fasterxml.jackson..");
    mayUseOnly("org.alexnet.random", "org.alexnet.random", "org.apache.commons.math3.special");
  }

  /** Where nothing else is used of it, most of it can be left out of the bundle (Bundle.java). */
  @Test
  void ofCommonsMathLittleIsUsed() {
    check(
        noClasses()
            .should()
            .dependOnClassesThat(
                resideInAPackage("org.apache.commons.math3..")
                    .and(
                        not(
                            resideInAnyPackage(
                                "org.apache.commons.math3.linear",
                                "org.apache.commons.math3.special")))));
  }

  /**
   * A run records what was asked for; it does not train, evaluate or choose a backend's kernels.
   */
  @Test
  void runsKnowNothingOfTrainingAndUse() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage("org.alexnet.run", "org.alexnet.weights", "org.alexnet.model")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.alexnet.training", "org.alexnet.inference"));
  }

  @Test
  void packagesAreSmallAndFormNoCycles() {
    PackageRules.checkNoCycles(CORE);
    PackageRules.checkSizes(CORE, "org.alexnet");
  }

  @Test
  void messagesNameSettingsAndNoOptions() {
    SourceRules.checkNoOptions();
  }

  @Test
  void methodsAreShort() {
    SourceRules.checkMethodLengths();
  }
}
