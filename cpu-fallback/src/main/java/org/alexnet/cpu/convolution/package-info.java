/** Convolutions and their gradients as products over windows. */
package org.alexnet.cpu.convolution;
