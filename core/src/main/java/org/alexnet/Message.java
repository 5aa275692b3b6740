package org.alexnet;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Sentences for a user, in which the settings that they name are still apart: as text they name
 * them as programs do, and the command line puts its options in their place.
 *
 * @param form as for {@link String#formatted}; the text itself where there are no parts
 * @param parts what the form takes: values, other messages, {@link Setting}s and {@link
 *     Setting.Value}s
 */
public record Message(String form, List<Object> parts) {
  /** Keeps a copy of the parts, which may be null. */
  public Message {
    parts = Collections.unmodifiableList(Arrays.asList(parts.toArray()));
  }

  /**
   * Of a form and what it takes.
   *
   * @param form as for {@link String#formatted}
   * @param parts what the form takes
   * @return the message
   */
  public static Message of(String form, Object... parts) {
    return new Message(form, Arrays.asList(parts));
  }

  /** What settings are called. */
  @FunctionalInterface
  public interface Names {
    /**
     * {@return a setting's name, with the value to set}
     *
     * @param setting to name
     * @param value empty for the setting alone
     */
    String of(Setting setting, String value);
  }

  /**
   * {@return the text with settings called so}
   *
   * @param names what settings are called
   */
  public String text(Names names) {
    return parts.isEmpty()
        ? form
        : form.formatted(parts.stream().map(part -> word(part, names)).toArray());
  }

  private static Object word(Object part, Names names) {
    return switch (part) {
      case Setting setting -> names.of(setting, "");
      case Setting.Value(Setting setting, String value) -> names.of(setting, value);
      case Message message -> message.text(names);
      case null, default -> part;
    };
  }

  /** The text for whoever writes programs. */
  @Override
  public String toString() {
    return text(Setting::inPrograms);
  }
}
