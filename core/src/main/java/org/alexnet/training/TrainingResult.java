package org.alexnet.training;

import java.nio.file.Path;
import org.alexnet.exchange.TrainedNetwork;

/**
 * What a run came to.
 *
 * @param run the run folder; null of a run {@linkplain Training#inMemory in memory}
 * @param epochs epochs finished in all
 * @param steps training steps in all
 * @param last metrics of the last epoch; null if none was finished
 * @param backend what it ran on
 * @param stopped whether it was asked to stop before the end
 * @param network with the weights as they are now, of a run in memory; null of others, which {@link
 *     TrainedNetwork#open(Path)} opens by their folder
 */
public record TrainingResult(
    Path run,
    int epochs,
    long steps,
    EpochMetrics last,
    String backend,
    boolean stopped,
    TrainedNetwork network) {}
