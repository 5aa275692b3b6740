package org.alexnet.cpu;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.alexnet.PackageRules;
import org.alexnet.SourceRules;
import org.junit.jupiter.api.Test;

/** The walls around this backend, and the Vector API behind two of its classes. */
class ArchitectureTest {
  private static final JavaClasses CPU =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("org.alexnet.cpu");

  /** A JVM without the module must be able to load everything else. */
  @Test
  void onlyVectorClassesMentionTheVectorApi() {
    noClasses()
        .that()
        .haveSimpleNameNotStartingWith("Vector")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jdk.incubator.vector..")
        .check(CPU);
  }

  /** The module exports nothing; within it, what is above all rooms is for none of them. */
  @Test
  void onlyTheProviderIsPublic() {
    classes()
        .that()
        .resideInAPackage("org.alexnet.cpu")
        .and()
        .arePublic()
        .and()
        .areTopLevelClasses()
        .should()
        .haveSimpleName("CpuProvider")
        .check(CPU);
  }

  @Test
  void itSeesWhatBackendsAreGivenAndNothingElse() {
    classes()
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "org.alexnet",
            "org.alexnet.cpu..",
            "org.alexnet.backend..",
            "org.alexnet.program",
            "org.alexnet.network",
            "org.alexnet.data",
            "org.alexnet.random",
            "java..",
            "jdk.incubator.vector..")
        .check(CPU);
  }

  @Test
  void packagesAreSmallAndFormNoCycles() {
    PackageRules.checkNoCycles(CPU);
    PackageRules.checkSizes(CPU, "org.alexnet.cpu");
  }

  @Test
  void messagesNameSettingsAndNoOptions() {
    SourceRules.checkNoOptions("--add-modules");
  }

  @Test
  void methodsAreShort() {
    SourceRules.checkMethodLengths("org.alexnet.cpu.kernel");
  }

  @Test
  void kernelsTakeRecordsAndFewNumbers() {
    SourceRules.checkParameterCounts();
  }
}
