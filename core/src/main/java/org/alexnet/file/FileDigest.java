package org.alexnet.file;

/**
 * What tells one file's content from another's.
 *
 * @param bytes length of the file
 * @param crc32c CRC-32C of all of its bytes, 0 to 2^32 - 1
 */
public record FileDigest(long bytes, long crc32c) {}
