package org.alexnet.training;

import java.nio.file.Path;

/**
 * What a run came to.
 *
 * @param run the run folder
 * @param epochs epochs finished in all
 * @param steps training steps in all
 * @param last metrics of the last epoch; null if none was finished
 * @param backend what it ran on
 * @param stopped whether it was asked to stop before the end
 */
public record TrainingResult(
    Path run, int epochs, long steps, EpochMetrics last, String backend, boolean stopped) {}
