package org.alexnet.cuda.library.probe;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.cuda.library.file.CudaLibrary;
import org.alexnet.cuda.library.file.Library;
import org.alexnet.cuda.library.file.LibrarySearchResult;
import org.alexnet.cuda.library.load.Loaded;
import org.alexnet.cuda.library.load.NativeLoader;
import org.alexnet.cuda.library.load.ProbeFailure;

/**
 * The probing process: tries the libraries that its arguments name and says each step before it is
 * taken, since the process may not survive it.
 */
public final class ProbeMain {
  private ProbeMain() {}

  /** Arguments are those of {@link #arguments}. */
  public static void main(String[] arguments) {
    // Libraries print too; a stream that writes each line at once keeps the order.
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    try {
      LibrarySearchResult found = found(List.of(arguments));
      Loaded loaded = NativeLoader.load(found, step -> out.println(ProbeReport.stepLine(step)));
      loaded.libraries().forEach(l -> out.println(ProbeReport.libraryLine(l)));
      new DeviceProbe(out, loaded.architectures()).run();
      out.println(ProbeReport.doneLine());
    } catch (AlexNetException e) {
      out.println(ProbeReport.failureLine(ProbeFailure.clause(e), e.getMessage()));
    }
    // Threads that a library started, or its code that runs at an exit, are not what is tried.
    Runtime.getRuntime().halt(0);
  }

  /** What was found, as arguments of a process. */
  public static List<String> arguments(LibrarySearchResult found, Path cache) {
    List<String> arguments = new ArrayList<>();
    arguments.add(Integer.toString(found.cudaMajor()));
    arguments.add(cache.toString());
    for (Library library : found.libraries()) {
      arguments.add(library.kind().name());
      arguments.add(Integer.toString(library.before().size()));
      library.before().forEach(file -> arguments.add(file.toString()));
      arguments.add(library.file().toString());
      arguments.add(library.note());
    }
    return arguments;
  }

  private static LibrarySearchResult found(List<String> arguments) {
    var next = arguments.iterator();
    int major = Integer.parseInt(next.next());
    Path cache = Path.of(next.next());
    List<Library> libraries = new ArrayList<>();
    while (next.hasNext()) {
      CudaLibrary kind = CudaLibrary.valueOf(next.next());
      List<Path> before = new ArrayList<>();
      for (int count = Integer.parseInt(next.next()); count > 0; count--) {
        before.add(Path.of(next.next()));
      }
      Path file = Path.of(next.next());
      libraries.add(new Library(kind, List.of(), file, before, major, next.next()));
    }
    return new LibrarySearchResult(libraries, major, "", null, cache);
  }
}
