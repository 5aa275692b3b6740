package org.alexnet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.Name;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** What holds for the sources of every module, seen from the module's folder. */
public final class SourceRules {
  private static final Path SOURCES = Path.of("src/main/java");
  private static final int LONGEST_METHOD = 60;
  private static final int MOST_PARAMETERS = 8;
  private static final Pattern OPTION = Pattern.compile("--[a-z][a-z-]*");

  private SourceRules() {}

  /**
   * A library names settings as programs do ({@link Setting}); options are the command line's.
   *
   * @param foreign options of other programs that may be named
   */
  public static void checkNoOptions(String... foreign) {
    List<String> found = new ArrayList<>();
    for (Path source : sources()) {
      OPTION
          .matcher(read(source))
          .results()
          .map(MatchResult::group)
          .filter(option -> !Set.of(foreign).contains(option))
          .forEach(option -> found.add(source.getFileName() + ": " + option));
    }
    assertEquals(List.of(), found, "options in a library; name a Setting");
  }

  /**
   * A method can be read at a glance.
   *
   * @param kernels packages of inner loops, whose methods may be longer
   */
  public static void checkMethodLengths(String... kernels) {
    List<String> found = new ArrayList<>();
    parse(
        (unit, positions) -> {
          if (!Set.of(kernels).contains(String.valueOf(unit.getPackageName()))) {
            new LongMethods(unit, positions, found).scan(unit, null);
          }
        });
    assertEquals(List.of(), found, "methods of more than " + LONGEST_METHOD + " lines");
  }

  /**
   * What is passed can be told apart: a method, a constructor or a record that needs more groups
   * what belongs together into a record.
   */
  public static void checkParameterCounts() {
    List<String> found = new ArrayList<>();
    parse((unit, positions) -> new ManyParameters(unit, found).scan(unit, null));
    assertEquals(List.of(), found, "more than " + MOST_PARAMETERS + " parameters");
  }

  private static void parse(BiConsumer<CompilationUnitTree, SourcePositions> check) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null, files, null, null, null, files.getJavaFileObjectsFromPaths(sources()));
      SourcePositions positions = Trees.instance(task).getSourcePositions();
      for (CompilationUnitTree unit : task.parse()) {
        check.accept(unit, positions);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Finds methods that are too long. */
  private static final class LongMethods extends TreeScanner<Void, Void> {
    private final CompilationUnitTree unit;
    private final SourcePositions positions;
    private final List<String> found;

    LongMethods(CompilationUnitTree unit, SourcePositions positions, List<String> found) {
      this.unit = unit;
      this.positions = positions;
      this.found = found;
    }

    @Override
    public Void visitMethod(MethodTree method, Void none) {
      LineMap lines = unit.getLineMap();
      long last = lines.getLineNumber(positions.getEndPosition(unit, method));
      long length = last - lines.getLineNumber(positions.getStartPosition(unit, method)) + 1;
      if (length > LONGEST_METHOD) {
        found.add("%s, %s: %d lines".formatted(file(unit), method.getName(), length));
      }
      return super.visitMethod(method, none);
    }
  }

  /** Finds methods, constructors and records that have too many parameters. */
  private static final class ManyParameters extends TreeScanner<Void, Void> {
    private final CompilationUnitTree unit;
    private final List<String> found;

    ManyParameters(CompilationUnitTree unit, List<String> found) {
      this.unit = unit;
      this.found = found;
    }

    @Override
    public Void visitMethod(MethodTree method, Void none) {
      check(method.getName(), method.getParameters().size());
      return super.visitMethod(method, none);
    }

    @Override
    public Void visitClass(ClassTree type, Void none) {
      if (type.getKind() == Tree.Kind.RECORD) {
        // The parser makes a field of each component; other fields of a record are static.
        long components =
            type.getMembers().stream()
                .filter(VariableTree.class::isInstance)
                .map(member -> ((VariableTree) member).getModifiers().getFlags())
                .filter(flags -> !flags.contains(Modifier.STATIC))
                .count();
        check(type.getSimpleName(), components);
      }
      return super.visitClass(type, none);
    }

    private void check(Name name, long parameters) {
      if (parameters > MOST_PARAMETERS) {
        found.add("%s, %s: %d".formatted(file(unit), name, parameters));
      }
    }
  }

  private static String file(CompilationUnitTree unit) {
    return Path.of(unit.getSourceFile().getName()).getFileName().toString();
  }

  private static List<Path> sources() {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path source) {
    try {
      return Files.readString(source);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
