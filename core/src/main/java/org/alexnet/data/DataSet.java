package org.alexnet.data;

/**
 * What a run trains on and what it is judged by.
 *
 * @param train images to train on
 * @param validation images of the same classes, by the same labels; null where there are none
 */
public record DataSet(ImageSource train, ImageSource validation) implements AutoCloseable {

  @Override
  public void close() {
    train.close();
    if (validation != null) {
      validation.close();
    }
  }
}
