package org.alexnet.cuda.device;

/**
 * A kernel that is written for certain sizes, which are constants of its source.
 *
 * @param name of the function; equal sources have equal names and others have others
 * @param source behind that of {@link KernelCompiler#templates()}
 */
public record GeneratedKernel(String name, String source) {}
