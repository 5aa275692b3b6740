package org.alexnet.model.json;

import com.fasterxml.jackson.core.JsonToken;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;
import org.alexnet.network.Default;

/**
 * Reads records strictly: every component without a {@link Default} must be there and nothing else.
 * What a record's constructor refuses is refused with the file, the line, the layer and the field.
 *
 * @param file for messages
 * @param texts types that are written as a text, and what reads it
 * @param merged a record of one record of a sealed family, and lists and whole numbers beside it;
 *     they are written as one object, in which empty lists and zeros may be left out
 */
public record RecordReader(
    String file, Map<Class<?>, Function<String, ?>> texts, Class<? extends Record> merged) {
  /** The field in which a record of a sealed family says which it is. */
  static final String TYPE = "type";

  private static final int LONGEST_TEXT = 200;

  /** Longer than any number needs to be written. */
  private static final int LONGEST_NUMBER = 60;

  /**
   * Where in a file something is.
   *
   * @param item of which list, such as {@code layer conv1}; empty outside of lists
   * @param path of fields from there, such as {@code weight.initial}; empty at its start
   */
  private record Place(String item, String path) {
    Place field(String name) {
      return new Place(item, within(name));
    }

    String within(String text) {
      return path.isEmpty() ? text : path + "." + text;
    }
  }

  /**
   * Reads a record.
   *
   * @param check may refuse what the constructors allow, by {@link InvalidNetworkException}
   * @throws AlexNetException saying what is wrong and where
   */
  public <T extends Record> T read(JsonValue json, Class<T> type, Consumer<T> check) {
    Place place = new Place("", "");
    JsonValue.Fields fields = fields(json, place);
    T made = record(fields, type, false, List.of(), place);
    return checked(
        fields,
        place,
        () -> {
          check.accept(made);
          return made;
        });
  }

  private Object value(JsonValue json, Type type, Place place) {
    if (type instanceof ParameterizedType list) {
      return list(json, list.getActualTypeArguments()[0], place);
    }
    Class<?> wanted = (Class<?>) type;
    if (texts.containsKey(wanted)) {
      String text = text(json, place);
      return checked(json, place, () -> texts.get(wanted).apply(text));
    }
    if (wanted == String.class) {
      return text(json, place);
    }
    if (wanted == int.class || wanted == Integer.class) {
      return whole(json, place);
    }
    if (wanted == Float.class && json instanceof JsonValue.Scalar(_, JsonToken token, _)) {
      return token == JsonToken.VALUE_NULL ? null : number(json, place);
    }
    if (wanted == float.class || wanted == Float.class) {
      return number(json, place);
    }
    if (wanted.isEnum()) {
      return constant(json, wanted, place);
    }
    if (wanted == merged) {
      return merged(fields(json, place), place);
    }
    if (wanted.isSealed()) {
      return variant(fields(json, place), wanted, List.of(), place);
    }
    return record(fields(json, place), wanted.asSubclass(Record.class), false, List.of(), place);
  }

  private JsonValue.Fields fields(JsonValue json, Place place) {
    if (json instanceof JsonValue.Fields fields) {
      return fields;
    }
    throw wrong(json, place, "an object with fields");
  }

  private List<Object> list(JsonValue json, Type type, Place place) {
    if (!(json instanceof JsonValue.Items items)) {
      throw wrong(json, place, "a list");
    }
    List<Object> values = new ArrayList<>();
    for (JsonValue item : items.values()) {
      Place of =
          item instanceof JsonValue.Fields fields
              ? new Place(item(place.path(), fields, values.size()), "")
              : new Place(place.item(), "%s[%d]".formatted(place.path(), values.size()));
      values.add(value(item, type, of));
    }
    return values;
  }

  /** What an object in a list is called: by its name, or else by its number. */
  private static String item(String list, JsonValue.Fields fields, int index) {
    String one = list.endsWith("s") ? list.substring(0, list.length() - 1) : list;
    return fields.values().get("name") instanceof JsonValue.Scalar(_, JsonToken token, String name)
            && token == JsonToken.VALUE_STRING
        ? one + " " + InvalidNetworkException.shortened(name)
        : "%s number %d".formatted(one, index + 1);
  }

  private Object merged(JsonValue.Fields fields, Place place) {
    RecordComponent[] components = merged.getRecordComponents();
    List<String> beside =
        Stream.of(components)
            .filter(component -> !component.getType().isSealed())
            .map(component -> Names.field(component.getName()))
            .toList();
    Object[] values = new Object[components.length];
    for (int i = 0; i < values.length; i++) {
      String name = Names.field(components[i].getName());
      JsonValue own = fields.values().get(name);
      if (!beside.contains(name)) {
        values[i] = variant(fields, components[i].getType(), beside, place);
      } else if (own == null) {
        values[i] = components[i].getType() == int.class ? 0 : List.of();
      } else {
        values[i] = value(own, components[i].getGenericType(), place.field(name));
      }
    }
    return checked(fields, place, () -> Reflection.make(merged, values));
  }

  /**
   * The record of a sealed family that an object says it is.
   *
   * @param beside names of fields that are none of the record's
   */
  private Object variant(
      JsonValue.Fields fields, Class<?> family, List<String> beside, Place place) {
    List<Class<?>> permitted = members(family).toList();
    String allowed =
        "one of " + permitted.stream().map(Names::type).collect(Collectors.joining(", "));
    JsonValue type = fields.values().get(TYPE);
    if (type == null) {
      throw bad(
          fields.line(),
          place,
          "%s is missing; it must be %s".formatted(place.within(TYPE), allowed));
    }
    for (Class<?> record : permitted) {
      if (type instanceof JsonValue.Scalar said && said.text().equals(Names.type(record))) {
        return record(fields, record.asSubclass(Record.class), true, beside, place);
      }
    }
    throw wrong(type, place.field(TYPE), allowed);
  }

  /** The records of a sealed family and of the families within it. */
  private static Stream<Class<?>> members(Class<?> family) {
    return Stream.of(family.getPermittedSubclasses())
        .flatMap(member -> member.isSealed() ? members(member) : Stream.of(member));
  }

  /**
   * @param typed whether the object says which record of its family it is
   * @param beside names of fields that are none of the record's
   */
  private <T extends Record> T record(
      JsonValue.Fields fields, Class<T> type, boolean typed, List<String> beside, Place place) {
    RecordComponent[] components = type.getRecordComponents();
    List<String> required =
        Stream.of(components)
            .filter(component -> component.getAnnotation(Default.class) == null)
            .map(component -> Names.field(component.getName()))
            .toList();
    Set<String> known = new LinkedHashSet<>(typed ? List.of(TYPE) : List.of());
    known.addAll(required);
    List<String> named = List.copyOf(known);
    Stream.of(components).forEach(component -> known.add(Names.field(component.getName())));
    known.addAll(beside);
    fields
        .values()
        .forEach(
            (name, value) -> {
              if (!known.contains(name)) {
                String path = place.within(InvalidNetworkException.shortened(name));
                throw bad(
                    value.line(),
                    place,
                    "there is no field %s; allowed are %s"
                        .formatted(path, String.join(", ", known)));
              }
            });
    for (String name : required) {
      if (!fields.values().containsKey(name)) {
        throw bad(
            fields.line(),
            place,
            "%s is missing; required are %s"
                .formatted(place.within(name), String.join(", ", named)));
      }
    }
    Object[] values = new Object[components.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = component(components[i], fields, place);
    }
    return checked(fields, place, () -> Reflection.make(type, values));
  }

  private Object component(RecordComponent component, JsonValue.Fields fields, Place place) {
    String name = Names.field(component.getName());
    JsonValue own = fields.values().get(name);
    if (own == null) {
      own = JsonValue.parse(file, component.getAnnotation(Default.class).value());
    }
    boolean none =
        component.isAnnotationPresent(Default.class)
            && own instanceof JsonValue.Scalar(_, JsonToken token, String text)
            && token == JsonToken.VALUE_NULL
            && text.equals(component.getAnnotation(Default.class).value());
    return none ? null : value(own, component.getGenericType(), place.field(name));
  }

  private String text(JsonValue json, Place place) {
    boolean plain =
        json instanceof JsonValue.Scalar(_, JsonToken token, String text)
            && token == JsonToken.VALUE_STRING
            && text.length() <= LONGEST_TEXT
            && text.chars().noneMatch(Character::isISOControl);
    if (!plain) {
      throw wrong(
          json, place, "a text of %d characters at most, all on one line".formatted(LONGEST_TEXT));
    }
    return ((JsonValue.Scalar) json).text();
  }

  private int whole(JsonValue json, Place place) {
    if (json instanceof JsonValue.Scalar(_, JsonToken token, String text)
        && token == JsonToken.VALUE_NUMBER_INT
        && text.length() <= LONGEST_NUMBER) {
      try {
        return Integer.parseInt(text);
      } catch (NumberFormatException _) {
        // It is too large, as is said below.
      }
    }
    throw wrong(json, place, "a whole number up to %,d".formatted(Integer.MAX_VALUE));
  }

  private float number(JsonValue json, Place place) {
    if (json instanceof JsonValue.Scalar(_, JsonToken token, String text)
        && token.isNumeric()
        && text.length() <= LONGEST_NUMBER
        && Float.isFinite(Float.parseFloat(text))) {
      return Float.parseFloat(text);
    }
    throw wrong(json, place, "a number of single precision, up to 3.4e38");
  }

  private Object constant(JsonValue json, Class<?> type, Place place) {
    List<String> names = new ArrayList<>();
    for (Object constant : type.getEnumConstants()) {
      String name = Names.constant((Enum<?>) constant);
      if (json instanceof JsonValue.Scalar(_, JsonToken token, String text)
          && token == JsonToken.VALUE_STRING
          && text.equals(name)) {
        return constant;
      }
      names.add(name);
    }
    throw wrong(json, place, "one of " + String.join(", ", names));
  }

  /** Makes something of a value; what is refused is said of its place. */
  private <T> T checked(JsonValue json, Place place, Supplier<T> make) {
    try {
      return make.get();
    } catch (InvalidNetworkException e) {
      throw refused(json, place, e);
    } catch (IllegalArgumentException e) {
      throw bad(json.line(), place, place.path().isEmpty() ? e.getMessage() : within(place, e));
    }
  }

  private static String within(Place place, IllegalArgumentException e) {
    return "%s: %s".formatted(place.path(), e.getMessage());
  }

  private AlexNetException refused(JsonValue json, Place place, InvalidNetworkException e) {
    JsonValue at = json;
    String item = place.item();
    if (item.isEmpty() && e.layer() != null) {
      item = "layer " + InvalidNetworkException.shortened(e.layer());
      at = layer(json, e.layer());
    }
    if (at instanceof JsonValue.Fields fields && fields.values().containsKey(e.field())) {
      at = fields.values().get(e.field());
    }
    String problem =
        place.path().isEmpty()
            ? e.problem()
            : e.field() == null
                ? "%s: %s".formatted(place.path(), e.problem())
                : place.within(e.problem());
    return bad(at.line(), new Place(item, place.path()), problem);
  }

  /** The last layer of a name, since the first was good, or the network where none has it. */
  private static JsonValue layer(JsonValue network, String name) {
    JsonValue found = network;
    if (network instanceof JsonValue.Fields fields
        && fields.values().get("layers") instanceof JsonValue.Items layers) {
      for (JsonValue layer : layers.values()) {
        if (layer instanceof JsonValue.Fields own
            && own.values().get("name") instanceof JsonValue.Scalar said
            && said.text().equals(name)) {
          found = layer;
        }
      }
    }
    return found;
  }

  private AlexNetException wrong(JsonValue json, Place place, String allowed) {
    String what = place.path().isEmpty() ? "it" : place.path();
    return bad(json.line(), place, "%s is %s, must be %s".formatted(what, json.shown(), allowed));
  }

  private AlexNetException bad(int line, Place place, String problem) {
    String at = line > 0 ? ", line " + line : "";
    String item = place.item().isEmpty() ? "" : ", " + place.item();
    return new AlexNetException("%s%s%s: %s.".formatted(file, at, item, problem));
  }
}
