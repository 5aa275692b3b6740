package org.alexnet.run;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.Words;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.ConvolutionMethod;
import org.alexnet.backend.Precision;
import org.alexnet.backend.Sync;
import org.alexnet.data.Augmentation;
import org.alexnet.data.DataSet;
import org.alexnet.data.ImageSource;
import org.alexnet.data.UnreadableImageException;
import org.alexnet.data.source.Data;
import org.alexnet.data.source.DataSets;
import org.alexnet.data.source.OpenOptions;
import org.alexnet.data.source.SourceFingerprint;
import org.alexnet.data.source.Sources;
import org.alexnet.model.ModelFile;
import org.alexnet.model.Models;
import org.alexnet.model.Recipe;
import org.alexnet.model.Schedule;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Placement;

/**
 * All that decides what a run computes, as it is kept in {@code run.json}.
 *
 * @param network what is trained, with as many classes as the run has
 * @param classNames their names; empty where the data names none
 * @param data training source; null for weights that were imported and not trained
 * @param validation validation source, or null
 * @param validationFraction share of each class that is held out, or 0
 * @param identity what tells these images from others
 * @param seed of everything random
 * @param recipe epochs, batch, rates, schedule and augmentation
 * @param shuffle whether each epoch has an order of its own
 * @param dropout whether the network has kept its dropout layers
 * @param skipBad whether unreadable images are left out
 * @param deterministic whether one device computes as several do, and only what gives the same bits
 *     every time is chosen
 * @param precision the arithmetic
 * @param convolution how convolutions are computed
 * @param parallelism how a step is cut
 * @param shards parts of the batch, of which each device has some; 1 for columns
 * @param sync when workers bring together what they have learned
 */
public record RunConfig(
    Network network,
    List<String> classNames,
    String data,
    String validation,
    double validationFraction,
    DataIdentity identity,
    long seed,
    Recipe recipe,
    boolean shuffle,
    boolean dropout,
    boolean skipBad,
    boolean deterministic,
    Precision precision,
    ConvolutionMethod convolution,
    Parallelism parallelism,
    int shards,
    Sync sync) {

  /**
   * Format 5 knew no averages, and is written where there are none; format 4 knew no shards; format
   * 3 said nothing of how pictures are resized, and knew no runs that were imported; format 2 had
   * no network but the name of one in the catalogue.
   */
  private static final int FORMAT = 6;

  private static final int WITHOUT_AVERAGES = 5;

  private static final int BY_NAME = 2;

  public RunConfig {
    classNames = List.copyOf(classNames);
    if (shards < 1 || (shards > 1 && !parallelism.shards())) {
      throw new IllegalArgumentException(
          "parallel is %s with shards %d".formatted(parallelism, shards));
    }
  }

  /**
   * The programs of this run on devices by name.
   *
   * @param gradients whether the gradients of parameters can be read after a training step
   * @throws org.alexnet.UsageException if its columns or shards cannot be spread over the devices
   */
  public CompiledNetwork programs(List<String> devices, boolean gradients) {
    return programs(devices, gradients, Placement.Worker.ALONE);
  }

  /**
   * The programs that one of several workers runs on its devices.
   *
   * @param worker of shards, with all of the parameters
   */
  public CompiledNetwork programs(
      List<String> devices, boolean gradients, Placement.Worker worker) {
    if (worker.hasPeers() && parallelism != Parallelism.DATA) {
      throw new UsageException(
          Message.of(
              "Workers each have a part of the batch and all of the parameters (data); the step of"
                  + " this run is cut otherwise: %s, %s.",
              parallelism, Words.count(shards, "shard")));
    }
    Placement placement =
        parallelism.shards()
            ? Placement.shards(parallelism, shards, devices, worker.apart(sync.averages()))
            : Placement.of(network, devices, deterministic);
    List<String> observed =
        gradients
            ? CompiledNetwork.declared(network).keySet().stream()
                .map(parameter -> parameter.gradient().name())
                .toList()
            : List.of();
    return CompiledNetwork.of(network, recipe.batch(), placement, observed);
  }

  /** How to open a backend for this run. */
  public BackendOptions backendOptions(int threads, List<String> devices, boolean graphs) {
    return new BackendOptions(threads, devices, precision, deterministic, graphs).with(convolution);
  }

  /** Whether these are the images that the run was trained on. */
  public boolean trainedOn(ImageSource images) {
    try {
      return images.size() == identity.images()
          && SourceFingerprint.of(images).equals(identity.fingerprint());
    } catch (UnreadableImageException e) {
      return false; // it could be read then
    }
  }

  /** Whether these are the images that the run was validated with, held out or given for it. */
  public boolean heldOut(ImageSource images) {
    try {
      return images.size() == identity.validationImages()
          && SourceFingerprint.of(images).equals(identity.validationFingerprint());
    } catch (UnreadableImageException e) {
      return false; // it could be read then
    }
  }

  /**
   * Checks that the sources are still where they were.
   *
   * @throws AlexNetException naming the place and the remedy
   */
  public void requireSources() {
    requireSource(data, Setting.DATA);
    requireSource(validation, Setting.VALIDATION);
  }

  /**
   * Checks that a source is still where it was.
   *
   * @param source one of this run's, or null
   * @param setting that names another place
   * @throws AlexNetException naming the place and the remedy
   */
  public static void requireSource(String source, Setting setting) {
    if (source == null || DataSets.exists(source)) {
      return;
    }
    throw new AlexNetException(
        Data.isGiven(source)
            ? Message.of(
                "The images of the run (%s) were given by a program, which alone can give them"
                    + " again: give them, or name the place of the same images (%s).",
                Data.givenDescription(source), setting)
            : Message.of(
                "The images of the run were in %s, which does not exist any more; if they have"
                    + " moved, give the new place (%s).",
                source, setting));
  }

  /**
   * What the run held out of a source, if that is the one it was trained on: under the same name,
   * or with the same images in another place.
   *
   * @param opened the source; closed where what is returned does not read it
   * @return null if it is another source
   */
  public ImageSource heldOutOf(String name, ImageSource opened, OpenOptions options) {
    if (DataSets.absolute(name).equals(data)) {
      opened.close();
      return DataSets.openValidation(name, null, validationFraction, options);
    }
    if (opened.size() != identity.images() + identity.validationImages()) {
      return null;
    }
    DataSet parts = Sources.split(opened, validationFraction);
    return trainedOn(parts.train()) ? parts.validation() : null;
  }

  public ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("format", sync.averages() ? FORMAT : WITHOUT_AVERAGES);
    json.put("model", network.name());
    json.put("classes", network.classes());
    ArrayNode names = json.putArray("class_names");
    classNames.forEach(names::add);
    json.put("data", data);
    json.put("val", validation);
    json.put("val_fraction", validationFraction);
    identity.addTo(json);
    json.put("seed", seed);
    json.put("epochs", recipe.epochs());
    json.put("batch", recipe.batch());
    json.put("lr", decimal(recipe.rate()));
    json.put("momentum", decimal(recipe.momentum()));
    json.put("weight_decay", decimal(recipe.decay()));
    json.put("schedule", recipe.schedule().toString());
    json.put("augment", recipe.augmentation().toString());
    json.put("shuffle", shuffle);
    json.put("dropout", dropout);
    json.put("skip_bad", skipBad);
    json.put("deterministic", deterministic);
    json.put("precision", precision.toString());
    json.put("convolution", convolution.toString());
    json.put("parallel", parallelism.toString());
    json.put("shards", shards);
    json.put("sync", sync.toString());
    json.set("network", ModelFile.json(network));
    return json;
  }

  /** The double that prints as the float does, and that gives the float back. */
  private static double decimal(float value) {
    return Double.parseDouble(Float.toString(value));
  }

  /** This run with its sources in other places; null leaves one where it was. */
  public RunConfig withSources(String otherData, String otherValidation) {
    return new RunConfig(
        network,
        classNames,
        otherData == null ? data : DataSets.absolute(otherData),
        otherValidation == null ? validation : DataSets.absolute(otherValidation),
        validationFraction,
        identity,
        seed,
        recipe,
        shuffle,
        dropout,
        skipBad,
        deterministic,
        precision,
        convolution,
        parallelism,
        shards,
        sync);
  }

  /**
   * @param run the folder, for messages
   * @throws AlexNetException if another version of this program wrote it
   */
  public static RunConfig fromJson(ObjectNode json, Path run) {
    int format = json.path("format").asInt();
    if (format < BY_NAME || format > FORMAT) {
      throw new AlexNetException(
          "%s was written by %s version of this program (run.json has format %s, this one reads %d to %d); its weights, model.safetensors, can be used alone."
              .formatted(
                  run,
                  format < BY_NAME ? "an older" : "a newer",
                  json.has("format") ? json.get("format") : "none",
                  BY_NAME,
                  FORMAT));
    }
    try {
      return parse(json, format == BY_NAME ? byName(json) : network(json));
    } catch (IllegalArgumentException | AlexNetException e) {
      Object why = e instanceof AlexNetException meant ? meant.message() : e.getMessage();
      throw new AlexNetException(
          Message.of("%s is damaged: %s; restore it from a copy.", run.resolve("run.json"), why),
          e);
    }
  }

  private static Network byName(ObjectNode json) {
    Network named =
        Models.named(json.path("model").asText())
            .withClasses(json.path("classes").asInt())
            .network();
    return json.path("dropout").asBoolean() ? named : named.withoutDropout();
  }

  private static Network network(ObjectNode json) {
    if (!(json.get("network") instanceof ObjectNode object)) {
      throw new AlexNetException("the network is missing");
    }
    Network network = ModelFile.network("its network", object);
    if (!network.name().equals(json.path("model").asText())
        || network.classes() != json.path("classes").asInt()) {
      throw new AlexNetException(
          "its network is %s with %d classes, and the run says %s with %s"
              .formatted(
                  network.name(), network.classes(), json.get("model"), json.get("classes")));
    }
    return network;
  }

  private static RunConfig parse(ObjectNode json, Network network) {
    List<String> names = new ArrayList<>();
    json.path("class_names").forEach(name -> names.add(name.asText()));
    Recipe recipe =
        new Recipe(
            json.path("epochs").asInt(),
            json.path("batch").asInt(),
            (float) json.path("lr").asDouble(),
            (float) json.path("momentum").asDouble(),
            (float) json.path("weight_decay").asDouble(),
            Schedule.parse(json.path("schedule").asText()),
            Augmentation.named(json.path("augment").asText()));
    return new RunConfig(
        network,
        names,
        json.hasNonNull("data") ? json.get("data").asText() : null,
        json.path("val").isNull() ? null : json.path("val").asText(),
        json.path("val_fraction").asDouble(),
        DataIdentity.fromJson(json),
        json.path("seed").asLong(),
        recipe,
        json.path("shuffle").asBoolean(),
        json.path("dropout").asBoolean(),
        json.path("skip_bad").asBoolean(),
        json.path("deterministic").asBoolean(),
        Precision.named(json.path("precision").asText("fp32")),
        // Runs that do not say were begun when there was no other way.
        ConvolutionMethod.named(json.path("convolution").asText("direct")),
        Parallelism.named(json.path("parallel").asText("columns")),
        json.path("shards").asInt(1),
        Sync.named(json.path("sync").asText("step")));
  }
}
