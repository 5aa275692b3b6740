package org.alexnet.pictures;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.alexnet.PackageRules;
import org.alexnet.SourceRules;
import org.junit.jupiter.api.Test;

/** Pictures see what the engine answers, and nothing of what computes it. */
class ArchitectureTest {
  private static final JavaClasses PICTURES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("org.alexnet.pictures");

  @Test
  void theyKnowNothingOfBackendsAndPrograms() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.alexnet.backend..",
            "org.alexnet.program..",
            "org.alexnet.reference..",
            "org.alexnet.cpu..",
            "org.alexnet.cuda..",
            "org.alexnet.cli..")
        .check(PICTURES);
  }

  @Test
  void drawingKnowsNothingOfWhatIsDrawn() {
    classes()
        .that()
        .resideInAPackage("org.alexnet.pictures.drawing")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "org.alexnet.pictures.drawing", "org.alexnet.file", "org.alexnet", "java..", "javax..")
        .check(PICTURES);
  }

  @Test
  void packagesAreSmallAndFormNoCycles() {
    PackageRules.checkNoCycles(PICTURES);
    PackageRules.checkSizes(PICTURES, "org.alexnet.pictures");
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
