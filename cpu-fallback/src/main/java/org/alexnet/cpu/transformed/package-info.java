/**
 * Convolutions with fewer products (Winograd's minimal filtering): tiles of the image and filters
 * are transformed, multiplied at each point, and transformed back. See {@code
 * docs/transformed-convolutions.md}.
 */
package org.alexnet.cpu.transformed;
