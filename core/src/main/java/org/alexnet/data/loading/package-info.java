/**
 * Batches, assembled ahead by several threads: {@link org.alexnet.data.loading.BatchLoader} draws
 * the order and the augmentation of each image from the run's seed, so that a batch does not depend
 * on threads.
 */
package org.alexnet.data.loading;
