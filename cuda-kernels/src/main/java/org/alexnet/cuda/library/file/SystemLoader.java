package org.alexnet.cuda.library.file;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The system's loader, asked by name as any program asks it. It knows places that no file lists: a
 * search path that it was built with, folders for one kind of processor, what is loaded already.
 */
public final class SystemLoader {
  private static final Path MAPS = Path.of("/proc/self/maps");

  private SystemLoader() {}

  /**
   * The file that it takes for a name, or null. The library is in the process only meanwhile.
   *
   * @param function one that the library has
   */
  @SuppressWarnings("restricted")
  public static Path find(String soname, String function) {
    try (Arena arena = Arena.ofConfined()) {
      SymbolLookup library = SymbolLookup.libraryLookup(soname, arena);
      return library.find(function).map(address -> fileAt(address.address())).orElse(null);
    } catch (IllegalArgumentException e) {
      return null; // It finds none, or none that can be loaded.
    }
  }

  /** The file that is mapped at an address. */
  private static Path fileAt(long address) {
    List<String> lines;
    try {
      lines = Files.readAllLines(MAPS);
    } catch (IOException e) {
      return null;
    }
    for (String line : lines) {
      int dash = line.indexOf('-');
      int space = line.indexOf(' ');
      int name = line.indexOf('/');
      if (name > 0
          && Long.parseUnsignedLong(line.substring(0, dash), 16) <= address
          && address < Long.parseUnsignedLong(line.substring(dash + 1, space), 16)) {
        return Path.of(line.substring(name));
      }
    }
    return null;
  }
}
