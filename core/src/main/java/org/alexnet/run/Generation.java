package org.alexnet.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.file.FileDigest;
import org.alexnet.file.JsonFiles;
import org.alexnet.safetensors.SafetensorsFile;

/**
 * What {@code state.json} says of one checkpoint.
 *
 * @param number 1 for a run's first checkpoint, one more for each after it
 * @param metricsBytes length of {@code metrics.jsonl} when it was made
 * @param stepsBytes that of {@code steps.jsonl}
 * @param files the files that belong to it, by name, with what they must be
 * @param state the trainer's own part
 */
record Generation(
    long number,
    long metricsBytes,
    long stepsBytes,
    Map<String, FileDigest> files,
    ObjectNode state) {

  ObjectNode toJson() {
    ObjectNode json = JsonFiles.object().put("generation", number);
    json.put("metrics_bytes", metricsBytes);
    json.put("steps_bytes", stepsBytes);
    ObjectNode list = json.putObject("files");
    new TreeMap<>(files)
        .forEach(
            (name, digest) ->
                list.putObject(name).put("bytes", digest.bytes()).put("crc32c", digest.crc32c()));
    json.set("state", state);
    return json;
  }

  /** Reads the text of a {@code state.json}; {@code where} names it in errors. */
  static Generation parse(Path where, String text) {
    ObjectNode json = JsonFiles.parse(where.toString(), text);
    var files = new TreeMap<String, FileDigest>();
    for (Map.Entry<String, JsonNode> file : json.path("files").properties()) {
      JsonNode digest = file.getValue();
      files.put(
          file.getKey(),
          new FileDigest(whole(where, digest, "bytes"), whole(where, digest, "crc32c")));
    }
    if (!files.containsKey(CheckpointStore.MODEL)) { // weights that were imported have no momentum
      throw damaged(where, "files");
    }
    if (!(json.get("state") instanceof ObjectNode state)) {
      throw damaged(where, "state");
    }
    return new Generation(
        whole(where, json, "generation"),
        whole(where, json, "metrics_bytes"),
        json.has("steps_bytes") ? whole(where, json, "steps_bytes") : 0, // not in earlier versions
        files,
        state);
  }

  private static long whole(Path where, JsonNode node, String field) {
    JsonNode value = node.path(field);
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
      throw damaged(where, field);
    }
    return value.longValue();
  }

  private static AlexNetException damaged(Path where, String field) {
    return new AlexNetException(
        where
            + " is damaged: its field '"
            + field
            + "' is missing or not what a checkpoint writes");
  }

  /** Hands the file on if its length is the generation's; otherwise closes it and says so. */
  SafetensorsFile requireLength(String name, SafetensorsFile file) {
    return require(file, file.bytes() == files.get(name).bytes());
  }

  /** Hands the file on if every byte is the generation's; otherwise closes it and says so. */
  SafetensorsFile requireContent(String name, SafetensorsFile file) {
    return require(file, file.digest().equals(files.get(name)));
  }

  private SafetensorsFile require(SafetensorsFile file, boolean same) {
    if (same) {
      return file;
    }
    file.close();
    throw new AlexNetException(
        Message.of(
            "%s is not the file that checkpoint %d wrote, so it may not fit the others of its run:"
                + " restore the whole folder, or use the file alone with %s or %s",
            file.path(), number, Setting.WEIGHTS, Setting.INIT));
  }
}
