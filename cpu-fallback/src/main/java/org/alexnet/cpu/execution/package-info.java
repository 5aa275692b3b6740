/**
 * What kernels are made of and run in: addresses and layouts of buffers, bindings, worker threads.
 */
package org.alexnet.cpu.execution;
