/**
 * What a backend makes of a program, and where its tensors go: kernels with the buffers that they
 * use, their order, and one arena a device in which buffers that are not needed at the same time
 * share memory. It stands between a backend's lowering and its executable.
 */
package org.alexnet.backend.plan;
