/**
 * The backend "cuda". {@link org.alexnet.cuda.CudaLowering} turns both programs into kernels: calls
 * of cuDNN and cuBLAS, and launches of our own kernels (src/main/cuda). {@link
 * org.alexnet.cuda.CudaExecutable} binds them to one arena a device and replays them as a graph.
 * JCuda's driver interface does the rest: contexts, streams, events and memory.
 */
package org.alexnet.cuda;
