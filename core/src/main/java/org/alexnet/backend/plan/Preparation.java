package org.alexnet.backend.plan;

/**
 * Something that a backend did between its opening and its first steps.
 *
 * @param what was compiled, chosen or recorded
 * @param seconds that it took
 * @param cached whether it was done before and only had to be read
 */
public record Preparation(String what, double seconds, boolean cached) {}
