/**
 * An open GPU: its context, streams, memory, handles of cuBLAS and cuDNN, and our kernels compiled
 * for it.
 */
package org.alexnet.cuda.device;
