package org.alexnet.backend;

/**
 * A native library that a backend needs.
 *
 * @param name what users call it: {@code cuBLAS}
 * @param file the file that is taken, or null if none was found
 * @param version as the library says, or an empty string
 * @param note what is special about it, or, where it is missing, a clause that says what was
 *     sought; may be empty
 */
public record LibraryInfo(String name, String file, String version, String note) {}
