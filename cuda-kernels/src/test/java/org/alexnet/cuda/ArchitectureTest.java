package org.alexnet.cuda;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.alexnet.PackageRules;
import org.alexnet.SourceRules;
import org.junit.jupiter.api.Test;

/** The walls around this backend, and between finding CUDA's libraries and using them. */
class ArchitectureTest {
  private static final JavaClasses CUDA =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("org.alexnet.cuda");

  @Test
  void onlyTheProviderIsPublic() {
    classes()
        .that()
        .resideInAPackage("org.alexnet.cuda")
        .and()
        .arePublic()
        .and()
        .areTopLevelClasses()
        .should()
        .haveSimpleName("CudaProvider")
        .check(CUDA);
  }

  /** The child process that tries the libraries must need nothing that computes. */
  @Test
  void findingTheLibrariesKnowsNothingOfTheBackend() {
    noClasses()
        .that()
        .resideInAPackage("org.alexnet.cuda.library..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.alexnet.cuda",
            "org.alexnet.cuda.device..",
            "org.alexnet.cuda.kernel..",
            "org.alexnet.cuda.convolution..",
            "org.alexnet.cuda.step..",
            "org.alexnet.program..",
            "org.alexnet.network..")
        .check(CUDA);
  }

  /** A machine without CUDA loads the provider and asks it: JCuda's classes come after that. */
  @Test
  void theProviderLoadsNothingOfJCuda() {
    noClasses()
        .that()
        .haveSimpleName("CudaProvider")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jcuda..")
        .check(CUDA);
  }

  @Test
  void itSeesWhatBackendsAreGivenAndNothingElse() {
    classes()
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "org.alexnet",
            "org.alexnet.cuda..",
            "org.alexnet.backend..",
            "org.alexnet.program",
            "org.alexnet.network",
            "org.alexnet.data",
            "org.alexnet.random",
            "org.alexnet.file",
            "jcuda..",
            "java..")
        .check(CUDA);
  }

  @Test
  void packagesAreSmallAndFormNoCycles() {
    PackageRules.checkNoCycles(CUDA);
    PackageRules.checkSizes(CUDA, "org.alexnet.cuda");
  }

  @Test
  void messagesNameSettingsAndNoOptions() {
    SourceRules.checkNoOptions(
        "--enable-native-access",
        "--module",
        "--module-path",
        "--gpus",
        "--gpu-architecture",
        "--std");
  }

  @Test
  void methodsAreShort() {
    SourceRules.checkMethodLengths();
  }
}
