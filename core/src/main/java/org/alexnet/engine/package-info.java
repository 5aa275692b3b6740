/**
 * Networks at work: {@link org.alexnet.engine.Training} trains one and leaves a run folder, {@link
 * org.alexnet.engine.Classifier} judges and uses one. A program starts here.
 */
package org.alexnet.engine;
