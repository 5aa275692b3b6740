package org.alexnet.file;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** What JSON can hold. */
public final class Json {
  private Json() {}

  /**
   * {@return a copy in which numbers that are infinite or not a number, which JSON lacks, are null}
   *
   * @param object stays as it is
   */
  public static ObjectNode finite(ObjectNode object) {
    ObjectNode copy = object.deepCopy();
    clean(copy);
    return copy;
  }

  private static void clean(JsonNode node) {
    if (node instanceof ObjectNode object) {
      object.properties().forEach(field -> field.setValue(cleaned(field.getValue())));
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        array.set(i, cleaned(array.get(i)));
      }
    }
  }

  private static JsonNode cleaned(JsonNode value) {
    if (value.isFloatingPointNumber() && !Double.isFinite(value.doubleValue())) {
      return NullNode.getInstance();
    }
    clean(value);
    return value;
  }
}
