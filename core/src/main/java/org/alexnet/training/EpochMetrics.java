package org.alexnet.training;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.util.List;
import org.alexnet.inference.Evaluation;
import org.alexnet.run.RunStore;

/**
 * One line of {@code metrics.jsonl}.
 *
 * @param epoch finished epoch, from 1
 * @param step training steps so far
 * @param trainLoss mean over the epoch, dropout on
 * @param trainError share of images classed wrongly over the epoch, dropout on
 * @param validation on the validation set, or null where there is none
 * @param imagesPerSecond trained
 * @param dataWait share of the time spent waiting for data
 * @param rate learning rate; NaN for an epoch of a version that did not write it
 */
public record EpochMetrics(
    int epoch,
    long step,
    double trainLoss,
    double trainError,
    Evaluation validation,
    double imagesPerSecond,
    double dataWait,
    float rate)
    implements Serializable {

  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("epoch", epoch);
    json.put("step", step);
    json.put("train_loss", trainLoss);
    json.put("train_error", trainError);
    json.put("val_loss", validation == null ? null : validation.loss());
    json.put("val_error", validation == null ? null : validation.top1Error());
    json.put("val_top5_error", validation == null ? null : validation.top5Error());
    json.put("val_images", validation == null ? null : validation.images());
    json.put("images_per_second", imagesPerSecond);
    json.put("data_wait", dataWait);
    json.put("rate", rate);
    return json;
  }

  /** Those of a run's last epoch; null before its first is done. */
  static EpochMetrics last(RunStore run) {
    List<JsonNode> lines = run.metrics();
    return lines.isEmpty() ? null : fromJson(lines.getLast());
  }

  /** What {@link #toJson} wrote. */
  static EpochMetrics fromJson(JsonNode json) {
    Evaluation validation =
        json.path("val_loss").isNumber()
            ? new Evaluation(
                json.path("val_images").asInt(),
                json.path("val_loss").asDouble(),
                json.path("val_error").asDouble(),
                json.path("val_top5_error").asDouble())
            : null;
    return new EpochMetrics(
        json.path("epoch").asInt(),
        json.path("step").asLong(),
        json.path("train_loss").asDouble(),
        json.path("train_error").asDouble(),
        validation,
        json.path("images_per_second").asDouble(),
        json.path("data_wait").asDouble(),
        (float) json.path("rate").asDouble(Double.NaN));
  }
}
