/** A step bound to memory: the batch's places, what kernels wait for, and the CUDA graph. */
package org.alexnet.cuda.step;
