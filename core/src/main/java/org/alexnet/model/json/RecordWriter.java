package org.alexnet.model.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Set;

/**
 * Writes records so that {@link RecordReader} makes equal ones of them.
 *
 * @param texts types that are written as their {@code toString()}
 */
public record RecordWriter(Set<Class<?>> texts) {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** The object of a record. */
  public ObjectNode write(Record value) {
    ObjectNode object = JSON.objectNode();
    fill(object, value);
    return object;
  }

  private void fill(ObjectNode object, Record value) {
    for (RecordComponent component : value.getClass().getRecordComponents()) {
      object.set(
          Names.field(component.getName()),
          node(component.getType(), Reflection.get(component, value)));
    }
  }

  /**
   * @param declared what the value is known as: of a sealed family, it has to say its type
   */
  private JsonNode node(Class<?> declared, Object value) {
    if (texts.contains(declared)) {
      return JSON.textNode(value.toString());
    }
    return switch (value) {
      case null -> JSON.nullNode();
      case String text -> JSON.textNode(text);
      case Integer number -> JSON.numberNode(number);
      // The double that prints as the float does, and that gives the float back.
      case Float number -> JSON.numberNode(Double.parseDouble(number.toString()));
      case Enum<?> constant -> JSON.textNode(Names.constant(constant));
      case List<?> list -> {
        ArrayNode array = JSON.arrayNode();
        list.forEach(item -> array.add(node(family(item), item)));
        yield array;
      }
      case Record record -> {
        ObjectNode object = JSON.objectNode();
        if (declared.isSealed()) {
          object.put(RecordReader.TYPE, Names.type(record.getClass()));
        }
        fill(object, record);
        yield object;
      }
      default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
    };
  }

  /** What an item of a list is known as: its sealed family where it has one. */
  private static Class<?> family(Object item) {
    for (Class<?> parent : item.getClass().getInterfaces()) {
      if (parent.isSealed()) {
        return parent;
      }
    }
    return item.getClass();
  }
}
