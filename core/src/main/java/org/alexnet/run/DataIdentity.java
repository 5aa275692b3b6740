package org.alexnet.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.alexnet.AlexNetException;
import org.alexnet.data.DataSet;
import org.alexnet.data.ImageSource;
import org.alexnet.data.source.SourceFingerprint;

/**
 * Which images a run is trained on and validated with, wherever they lie.
 *
 * @param images training images
 * @param fingerprint of the training images
 * @param validationImages 0 where there are none
 * @param validationFingerprint empty where there are none
 */
public record DataIdentity(
    int images, String fingerprint, int validationImages, String validationFingerprint) {

  public static DataIdentity of(DataSet data) {
    ImageSource validation = data.validation();
    return new DataIdentity(
        data.train().size(),
        SourceFingerprint.of(data.train()),
        validation == null ? 0 : validation.size(),
        validation == null ? "" : SourceFingerprint.of(validation));
  }

  /**
   * @throws AlexNetException if these images are not those that the run began with
   */
  public void requireSame(DataIdentity now, String run, DataSet data) {
    require("trained on", images, now.images, fingerprint, now.fingerprint, run, data.train());
    require(
        "validated with",
        validationImages,
        now.validationImages,
        validationFingerprint,
        now.validationFingerprint,
        run,
        data.validation());
  }

  private static void require(
      String use, int before, int now, String was, String is, String run, ImageSource source) {
    if (before == now && was.equals(is)) {
      return;
    }
    String held = source == null ? "nothing" : source.description();
    String difference =
        before != now
            ? "%,d images where there were %,d".formatted(now, before)
            : "other images (classes, names, labels or pixels differ)";
    throw new AlexNetException(
        "%s was %s other data: %s now holds %s. Resume with the data that the run began with, or start a new run from its weights."
            .formatted(run, use, held, difference));
  }

  void addTo(ObjectNode json) {
    json.put("images", images);
    json.put("fingerprint", fingerprint);
    json.put("val_images", validationImages);
    json.put("val_fingerprint", validationFingerprint);
  }

  static DataIdentity fromJson(ObjectNode json) {
    return new DataIdentity(
        json.path("images").asInt(),
        json.path("fingerprint").asText(),
        json.path("val_images").asInt(),
        json.path("val_fingerprint").asText());
  }
}
