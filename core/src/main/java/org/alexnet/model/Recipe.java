package org.alexnet.model;

import static org.alexnet.InvalidNetworkException.require;

import org.alexnet.data.Augmentation;

/**
 * How a network is trained unless the user says otherwise.
 *
 * @param epochs passes over the training images
 * @param batch images a step
 * @param rate learning rate at the start
 * @param momentum share of the last update that is kept
 * @param decay weight decay, a multiple of the weights taken off at the learning rate
 * @param schedule how the rate falls; {@link #over} fits it to another number of epochs
 * @param augmentation how images are varied
 */
public record Recipe(
    int epochs,
    int batch,
    float rate,
    float momentum,
    float decay,
    Schedule schedule,
    Augmentation augmentation) {
  /**
   * Checks every field.
   *
   * @throws org.alexnet.InvalidNetworkException naming the field that is not allowed
   */
  public Recipe {
    require(epochs >= 0, null, "epochs", epochs, "at least 0");
    require(batch >= 1, null, "batch", batch, "at least 1");
    require(rate >= 0 && Float.isFinite(rate), null, "rate", rate, "finite, at least 0");
    require(momentum >= 0 && momentum < 1, null, "momentum", momentum, "at least 0 and below 1");
    require(decay >= 0 && Float.isFinite(decay), null, "decay", decay, "finite, at least 0");
  }

  /**
   * {@return the same with another augmentation}
   *
   * @param other how images are varied
   */
  public Recipe with(Augmentation other) {
    return new Recipe(epochs, batch, rate, momentum, decay, schedule, other);
  }

  /**
   * {@return the same with another learning rate at the start}
   *
   * @param other at least 0
   */
  Recipe withRate(float other) {
    return new Recipe(epochs, batch, other, momentum, decay, schedule, augmentation);
  }

  /**
   * {@return the recipe of a run of another length} A plateau's patience is as long a part of the
   * run as before, two epochs at least; a schedule in parts of the run stays as it is.
   *
   * @param otherEpochs passes over the training images
   */
  public Recipe over(int otherEpochs) {
    Schedule fitted =
        switch (schedule) {
          case Schedule.Plateau plateau when epochs > 0 ->
              new Schedule.Plateau(
                  Math.max(
                      Math.min(2, plateau.patience()),
                      Math.round((float) plateau.patience() * otherEpochs / epochs)));
          case Schedule.Plateau plateau -> plateau;
          case Schedule.Constant constant -> constant;
          case Schedule.Step step -> step;
          case Schedule.Parts parts -> parts;
        };
    return new Recipe(otherEpochs, batch, rate, momentum, decay, fitted, augmentation);
  }
}
