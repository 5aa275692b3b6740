/**
 * Kernels of a step, each as the calls that launch it, and the layouts of what they read and write.
 */
package org.alexnet.cuda.kernel;
