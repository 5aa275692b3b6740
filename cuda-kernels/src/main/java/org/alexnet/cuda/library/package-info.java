/**
 * CUDA's own libraries: where they are on this machine, what is missing, and how they are loaded so
 * that JCuda's native bindings find them. Nothing here computes; the package {@code cuda} does,
 * once the libraries are loaded.
 */
package org.alexnet.cuda.library;
