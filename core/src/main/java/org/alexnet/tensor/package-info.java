/**
 * Tensors in memory, as files and networks exchange them: a type of element, a shape and the
 * values. It knows no format and no network.
 */
package org.alexnet.tensor;
