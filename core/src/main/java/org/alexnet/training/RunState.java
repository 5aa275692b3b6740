package org.alexnet.training;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.alexnet.model.Schedule;
import org.alexnet.run.RunConfig;

/**
 * What a checkpoint keeps beside parameters and momentum: where the run is, the sums of the epoch
 * under way, and what the schedule remembers.
 */
final class RunState {
  LearningRate rate;
  int epochs;
  int epoch;
  int batch;
  long step;
  int images;
  double lossSum;
  int errors;

  /** Time spent on the epoch under way, and of it waiting for data, before this process. */
  double seconds;

  double waited;

  /** Of the steps since the last line of {@code steps.jsonl}. */
  final Window window = new Window();

  /** Sums over some steps. */
  static final class Window {
    long images;
    double lossSum;
    long errors;
    double seconds;
    double waited;

    void clear() {
      images = 0;
      lossSum = 0;
      errors = 0;
      seconds = 0;
      waited = 0;
    }

    private void save(ObjectNode json) {
      json.put("images", images);
      json.put("loss_sum", lossSum);
      json.put("errors", errors);
      json.put("seconds", seconds);
      json.put("waited", waited);
    }

    private void restore(JsonNode json) {
      images = json.path("images").asLong();
      lossSum = json.path("loss_sum").asDouble();
      errors = json.path("errors").asLong();
      seconds = json.path("seconds").asDouble();
      waited = json.path("waited").asDouble();
    }
  }

  /** Of the first step of the run and the best epoch so far: what a loss is held against. */
  double firstLoss = Double.NaN;

  double bestLoss = Double.POSITIVE_INFINITY;

  private RunState(RunConfig config) {
    this.epochs = config.recipe().epochs();
    this.rate = new LearningRate(config.recipe().schedule(), config.recipe().rate());
  }

  static RunState start(RunConfig config) {
    return new RunState(config);
  }

  static RunState restore(RunConfig config, ObjectNode json) {
    RunState state = new RunState(config);
    Schedule schedule = Schedule.parse(json.path("schedule").asText());
    state.rate = new LearningRate(schedule, config.recipe().rate());
    state.epochs = json.path("epochs").asInt();
    state.epoch = json.path("epoch").asInt();
    state.batch = json.path("batch").asInt();
    state.step = json.path("step").asLong();
    state.images = json.path("images").asInt();
    state.lossSum = json.path("loss_sum").asDouble();
    state.errors = json.path("errors").asInt();
    state.seconds = json.path("seconds").asDouble();
    state.waited = json.path("waited").asDouble();
    state.firstLoss = json.path("first_loss").asDouble(Double.NaN);
    state.bestLoss = json.path("best_loss").asDouble(Double.POSITIVE_INFINITY);
    state.rate.restore(json);
    state.window.restore(json.path("since_logged"));
    return state;
  }

  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("epochs", epochs);
    json.put("schedule", rate.schedule().toString());
    json.put("epoch", epoch);
    json.put("batch", batch);
    json.put("step", step);
    json.put("images", images);
    json.put("loss_sum", lossSum);
    json.put("errors", errors);
    json.put("seconds", seconds);
    json.put("waited", waited);
    json.put("first_loss", Double.isFinite(firstLoss) ? firstLoss : null);
    json.put("best_loss", Double.isFinite(bestLoss) ? bestLoss : null);
    rate.save(json);
    window.save(json.putObject("since_logged"));
    return json;
  }

  /** Goes on with another schedule, at what it says for the epochs to come. */
  void reschedule(Schedule schedule, float start) {
    rate = new LearningRate(schedule, start);
  }

  /** Counts a training step. */
  void count(int stepImages, double loss, int wrong) {
    countStep();
    add(stepImages, loss, wrong);
  }

  /** Counts a training step whose losses are not known yet. */
  void countStep() {
    step++;
    batch++;
  }

  /** Adds what was learned from some images. */
  void add(int stepImages, double loss, int wrong) {
    if (epoch == 0 && images == 0) {
      firstLoss = loss / stepImages;
    }
    images += stepImages;
    lossSum += loss;
    errors += wrong;
  }

  /** Mean loss of the epoch so far; 0 where no step of it is done. */
  double meanLoss() {
    return images == 0 ? 0 : lossSum / images;
  }

  void nextEpoch() {
    bestLoss = Math.min(bestLoss, meanLoss());
    epoch++;
    batch = 0;
    images = 0;
    lossSum = 0;
    errors = 0;
    seconds = 0;
    waited = 0;
  }
}
