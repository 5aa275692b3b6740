package org.alexnet.model.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Set;
import org.alexnet.network.Default;

/**
 * Writes records so that {@link RecordReader} makes equal ones of them; a component that is as its
 * {@link Default} is left out.
 *
 * @param texts types that are written as their {@code toString()}
 * @param merged a record of one record of a sealed family, and lists and whole numbers beside it,
 *     which are written as one object; empty lists and zeros are left out
 */
public record RecordWriter(Set<Class<?>> texts, Class<? extends Record> merged) {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final String NAME = "name";

  /** The object of a record. */
  public ObjectNode write(Record value) {
    ObjectNode object = JSON.objectNode();
    fill(object, value);
    return object;
  }

  private void fill(ObjectNode object, Record value) {
    for (RecordComponent component : value.getClass().getRecordComponents()) {
      JsonNode node = node(component.getType(), Reflection.get(component, value));
      Default otherwise = component.getAnnotation(Default.class);
      if (otherwise == null || !node.toString().equals(otherwise.value())) {
        object.set(Names.field(component.getName()), node);
      }
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
      case Record record when merged.isInstance(record) -> merged(record);
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

  /** What is beside the record stands behind its type and its name. */
  private ObjectNode merged(Record value) {
    ObjectNode object = JSON.objectNode();
    ObjectNode beside = JSON.objectNode();
    for (RecordComponent component : value.getClass().getRecordComponents()) {
      Object part = Reflection.get(component, value);
      if (component.getType().isSealed()) {
        object.setAll((ObjectNode) node(component.getType(), part));
      } else if (!part.equals(0) && !part.equals(List.of())) {
        beside.set(Names.field(component.getName()), node(component.getType(), part));
      }
    }
    ObjectNode ordered = JSON.objectNode();
    for (String first : List.of(RecordReader.TYPE, NAME)) {
      if (object.has(first)) {
        ordered.set(first, object.remove(first));
      }
    }
    ordered.setAll(beside);
    ordered.setAll(object);
    return ordered;
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
