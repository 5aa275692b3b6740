/** Fully-connected layers and their gradients as products over the batch. */
package org.alexnet.cpu.product;
