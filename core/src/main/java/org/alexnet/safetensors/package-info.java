/**
 * Tensors in files: the safetensors format, read by mapping and written by streaming. It knows
 * names, types and shapes and nothing of networks; the run folder, weights given by the user and
 * tensors written for them all pass through here.
 */
package org.alexnet.safetensors;
