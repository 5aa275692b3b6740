package org.alexnet.training;

import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.Words;
import org.alexnet.backend.Backend;
import org.alexnet.backend.ImageMemory;
import org.alexnet.backend.LargestBatch;
import org.alexnet.data.Augmentation;
import org.alexnet.data.DataSet;
import org.alexnet.data.ImageSource;
import org.alexnet.data.KeptImages;
import org.alexnet.program.CompiledNetwork;

/**
 * The images of a run that stay in the memory of its devices, where that is asked for: those to
 * train on, and those to validate with if there is room for them too.
 *
 * @param train null where they travel with each batch
 * @param validation null where they travel with each batch, or there are none
 */
record KeptData(KeptImages train, KeptImages validation) implements AutoCloseable {
  private static final KeptData NONE = new KeptData(null, null);

  /** Refuses what cannot be, before any image is read. */
  static void check(Training training, Backend backend, DataSet data, Augmentation augmentation) {
    if (!training.dataOnDevice) {
      return;
    }
    if (backend.imageMemory().isEmpty()) {
      throw new UsageException(
          Message.of(
              "Backend %s reads images where they lie; leave %s out.",
              backend.name(), Setting.DATA_ON_DEVICE));
    }
    if (training.peers.worker().hasPeers()) {
      throw new UsageException(
          Message.of(
              "%s is for a training of one process; leave it out, or %s.",
              Setting.DATA_ON_DEVICE, Setting.WORKERS));
    }
    if (data.train().format().floats()) {
      throw new UsageException(
          Message.of(
              "%s holds floating-point images, and only bytes can stay on a device; leave %s out.",
              data.train().description(), Setting.DATA_ON_DEVICE));
    }
    if (augmentation == Augmentation.SHAPES) {
      throw new UsageException(
          Message.of(
              "Augmentation shapes changes the pixels of an image in each epoch, so that they"
                  + " cannot stay on a device; take paper or none, or leave %s out.",
              Setting.DATA_ON_DEVICE));
    }
  }

  /**
   * Brings the images to the devices, ahead of the network.
   *
   * @throws AlexNetException if those to train on do not fit beside it
   */
  static KeptData of(Training training, Backend backend, CompiledNetwork programs, DataSet data) {
    if (!training.dataOnDevice) {
      return NONE;
    }
    ImageMemory memory = backend.imageMemory().orElseThrow();
    long room = memory.room(programs);
    if (bytes(data.train()) > room) {
      throw tooMany(data.train(), memory, programs, room);
    }
    KeptImages train = keep(training, memory, data.train(), programs);
    try {
      return new KeptData(train, validation(training, memory, data.validation(), programs));
    } catch (RuntimeException e) {
      train.close();
      throw e;
    }
  }

  private static KeptImages validation(
      Training training, ImageMemory memory, ImageSource source, CompiledNetwork programs) {
    if (source == null || source.format().floats()) {
      return null;
    }
    long room = memory.room(programs);
    if (bytes(source) > room) {
      training.listener.message(
          "%s needs %,d bytes on the device, where %,d are left: its images travel with each batch."
              .formatted(source.description(), bytes(source), Math.max(0, room)));
      return null;
    }
    return keep(training, memory, source, programs);
  }

  private static KeptImages keep(
      Training training, ImageMemory memory, ImageSource source, CompiledNetwork programs) {
    KeptImages kept =
        memory.keep(
            source,
            programs,
            (done, all) -> training.listener.progress(Activity.KEEPING, done, all));
    training.listener.message(
        "Kept on %s: %s of %s, %,d bytes."
            .formatted(
                programs.placement().deviceCount() == 1 ? "the device" : "each device",
                Words.count(source.size(), "image"),
                source.description(),
                bytes(source)));
    return kept;
  }

  private static long bytes(ImageSource source) {
    return source.size() * source.format().bytes();
  }

  private static AlexNetException tooMany(
      ImageSource source, ImageMemory memory, CompiledNetwork programs, long room) {
    int batch = LargestBatch.of(programs, smaller -> bytes(source) <= memory.room(smaller));
    Message otherwise = Message.of("leave %s out, or take fewer images", Setting.DATA_ON_DEVICE);
    return new AlexNetException(
        Message.of(
            "%s needs %,d bytes on each device (%s), where %,d are free beside %s at batch %d. %s",
            source.description(),
            bytes(source),
            Setting.DATA_ON_DEVICE,
            Math.max(0, room),
            programs.network().name(),
            programs.batch(),
            batch < 1
                ? Message.of("A smaller batch does not leave enough; %s.", otherwise)
                : LargestBatch.remedy(batch, otherwise)));
  }

  /** The images of a source; null if they travel. */
  KeptImages of(ImageSource source) {
    if (train != null && train.source() == source) {
      return train;
    }
    return validation != null && validation.source() == source ? validation : null;
  }

  @Override
  public void close() {
    if (validation != null) {
      validation.close();
    }
    if (train != null) {
      train.close();
    }
  }
}
