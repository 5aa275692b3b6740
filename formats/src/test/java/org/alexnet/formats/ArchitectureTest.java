package org.alexnet.formats;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.alexnet.PackageRules;
import org.alexnet.SourceRules;
import org.junit.jupiter.api.Test;

/** Formats see networks and tensors, and nothing of what computes or trains; nor each other. */
class ArchitectureTest {
  private static final JavaClasses FORMATS =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("org.alexnet.formats");

  @Test
  void theyKnowNothingOfTrainingAndComputing() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.alexnet.backend..",
            "org.alexnet.program..",
            "org.alexnet.reference..",
            "org.alexnet.training..",
            "org.alexnet.inference..",
            "org.alexnet.run..",
            "org.alexnet.cpu..",
            "org.alexnet.cuda..",
            "org.alexnet.cli..")
        .check(FORMATS);
  }

  /** What two share lies beside them, in a package that knows neither. */
  @Test
  void sharedPackagesKnowNoFormat() {
    noClasses()
        .that()
        .resideInAnyPackage("org.alexnet.formats", "org.alexnet.formats.protobuf")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.alexnet.formats.pytorch..",
            "org.alexnet.formats.caffe..",
            "org.alexnet.formats.onnx..",
            "org.alexnet.formats.convnet..")
        .check(FORMATS);
    slices()
        .matching("org.alexnet.formats.(pytorch|caffe|onnx|convnet)..")
        .should()
        .notDependOnEachOther()
        .allowEmptyShould(true)
        .check(FORMATS);
  }

  @Test
  void packagesAreSmallAndFormNoCycles() {
    PackageRules.checkNoCycles(FORMATS);
    PackageRules.checkSizes(FORMATS, "org.alexnet.formats");
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
