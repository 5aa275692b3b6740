/**
 * Convolutions by cuDNN: a plan of its graph interface, or an algorithm of the older one, is tried,
 * compared and measured before it is chosen. {@link org.alexnet.cuda.convolution.ConvolutionPlans}
 * keeps them.
 */
package org.alexnet.cuda.convolution;
