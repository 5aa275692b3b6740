/**
 * Images on their way to the network: sources yield stored images and labels, a loader draws the
 * order and the augmentation, assembles batches in parallel and keeps a few ahead of the training.
 * Nothing here knows a network or a backend; a {@link org.alexnet.data.Batch} is what is handed on.
 */
package org.alexnet.data;
