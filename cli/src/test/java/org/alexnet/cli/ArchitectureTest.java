package org.alexnet.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.alexnet.PackageRules;
import org.alexnet.SourceRules;
import org.junit.jupiter.api.Test;

/** The command line sees backends only through their contract. */
class ArchitectureTest {
  private static final JavaClasses CLI =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("org.alexnet.cli");

  @Test
  void itNamesNoBackend() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.alexnet.cpu..", "org.alexnet.cuda..", "org.alexnet.reference..")
        .check(CLI);
  }

  @Test
  void packagesAreSmallAndFormNoCycles() {
    PackageRules.checkNoCycles(CLI);
    PackageRules.checkSizes(CLI, "org.alexnet.cli");
  }

  @Test
  void methodsAreShort() {
    SourceRules.checkMethodLengths();
  }
}
