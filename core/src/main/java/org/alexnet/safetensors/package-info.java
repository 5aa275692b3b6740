/**
 * The safetensors format: read by mapping, written by streaming. The run folder, weights given by
 * the user and tensors written for them all pass through here.
 */
package org.alexnet.safetensors;
