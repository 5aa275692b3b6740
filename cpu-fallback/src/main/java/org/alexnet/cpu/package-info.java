/**
 * The backend "cpu": channels innermost (N H W C), one register-tile product under every
 * convolution and fully-connected layer, and chains of operations that run image by image so that
 * what lies between them stays in the cache.
 *
 * <p>{@link org.alexnet.cpu.CpuLowering} chooses the kernels. {@link
 * org.alexnet.cpu.kernel.Kernels} is the arithmetic, in one implementation on the Vector API and
 * one in plain loops. Every sum runs in an order that the shapes alone fix, so that results do not
 * depend on the number of threads.
 */
package org.alexnet.cpu;
