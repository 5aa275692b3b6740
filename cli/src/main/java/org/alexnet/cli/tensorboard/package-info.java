/**
 * What {@code train --tensorboard} writes: events that TensorBoard reads. A listener of the
 * training makes summaries of what it is told, and an event file frames them; nothing else knows of
 * it.
 */
package org.alexnet.cli.tensorboard;
