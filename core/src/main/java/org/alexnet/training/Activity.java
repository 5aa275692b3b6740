package org.alexnet.training;

/** What the engine is busy with apart from training steps. */
public enum Activity {
  /** Copying images from where workers do not share them; counted in megabytes. */
  FETCHING("Copying images to the worker (MB)"),
  /** Decoding the images of a folder. */
  READING("Reading images"),
  /** Finding the mean image and the colour axes of the training set. */
  AVERAGING("Averaging images"),
  /** Choosing and compiling kernels, up to the first step. */
  COMPILING("Compiling the network"),
  /** Copying images to the memory of devices, where they stay. */
  KEEPING("Copying images to the device"),
  /** Evaluating on the validation images at the end of an epoch. */
  VALIDATING("Validating"),
  /** Evaluating a trained network. */
  EVALUATING("Evaluating"),
  /** Computing the scores of images. */
  PREDICTING("Predicting"),
  /** Writing a checkpoint. */
  SAVING("Saving a checkpoint");

  private final String label;

  Activity(String label) {
    this.label = label;
  }

  /** What a user is shown: {@code Reading images}. */
  @Override
  public String toString() {
    return label;
  }
}
