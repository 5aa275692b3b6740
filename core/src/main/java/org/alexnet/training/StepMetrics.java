package org.alexnet.training;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One line of {@code steps.jsonl}. The means are over the steps since the line before, dropout on.
 *
 * @param step training steps of the run so far, this one included
 * @param epoch of this step, from 1
 * @param loss mean loss
 * @param error share of images classed wrongly
 * @param rate learning rate of this step
 * @param imagesPerSecond trained; neither validation nor checkpoints count
 * @param dataWait share of that time spent waiting for data
 * @param time of the end of this step
 * @param gradientNorm by layer, the Euclidean norm of the gradient of this step's mean loss with
 *     respect to the layer's weights and biases together, weight decay not included
 */
public record StepMetrics(
    long step,
    int epoch,
    double loss,
    double error,
    float rate,
    double imagesPerSecond,
    double dataWait,
    Instant time,
    Map<String, Float> gradientNorm) {
  /** Keeps a copy of the norms, in their order. */
  public StepMetrics {
    gradientNorm = Collections.unmodifiableMap(new LinkedHashMap<>(gradientNorm));
  }

  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("step", step);
    json.put("epoch", epoch);
    json.put("loss", loss);
    json.put("error", error);
    json.put("rate", rate);
    json.put("images_per_second", imagesPerSecond);
    json.put("data_wait", dataWait);
    json.put("time", time.toString());
    ObjectNode norms = json.putObject("gradient_norm");
    gradientNorm.forEach(norms::put);
    return json;
  }
}
