package org.alexnet.cli.option;

import org.alexnet.data.Augmentation;

/** Reads an augmentation. */
public final class AugmentationName extends Named<Augmentation> {
  AugmentationName() {
    super(Augmentation::named);
  }
}
