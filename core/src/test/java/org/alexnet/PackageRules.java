package org.alexnet;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What holds for the packages of every module. */
public final class PackageRules {
  /** About as many classes as a reader can keep apart. */
  private static final int MOST = 17;

  private PackageRules() {}

  /** No package uses one that, directly or through others, uses it. */
  public static void checkNoCycles(JavaClasses classes) {
    slices().matching("org.alexnet.(**)").should().beFreeOfCycles().check(classes);
  }

  /**
   * No package below one holds more classes than a reader can keep apart. The members of a sealed
   * family, such as layers, are one thing to a reader and may grow in number.
   *
   * @param root the package, such as {@code org.alexnet.data}
   */
  public static void checkSizes(JavaClasses classes, String root) {
    Map<String, Long> sizes =
        classes.stream()
            .filter(JavaClass::isTopLevelClass)
            .filter(c -> !c.getSimpleName().equals("package-info"))
            .filter(c -> !isOfSealedFamily(c))
            .map(JavaClass::getPackageName)
            .filter(name -> name.equals(root) || name.startsWith(root + "."))
            .collect(Collectors.groupingBy(name -> name, TreeMap::new, Collectors.counting()));
    sizes.values().removeIf(size -> size <= MOST);
    assertEquals(Map.of(), sizes, "packages with more than " + MOST + " classes");
  }

  private static boolean isOfSealedFamily(JavaClass c) {
    return c.getRawInterfaces().stream()
        .anyMatch(i -> i.getPackageName().equals(c.getPackageName()) && i.reflect().isSealed());
  }
}
