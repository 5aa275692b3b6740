/** Convolutions by cuDNN: an algorithm is tried, compared and measured before it is chosen. */
package org.alexnet.cuda.convolution;
