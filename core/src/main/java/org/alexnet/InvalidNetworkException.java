package org.alexnet;

/**
 * A network, or a part of one, that cannot be. The message says what was got and what is allowed;
 * who reads networks from files adds the place.
 */
public final class InvalidNetworkException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;
  private static final int SHOWN = 40;

  /** Null where the fault is of no layer, or the part does not know it. */
  private final String layer;

  /** Null where the fault is not of one field. */
  private final String field;

  /** The message without the layer. */
  private final String problem;

  private InvalidNetworkException(String layer, String field, String problem) {
    super(layer == null ? problem : "layer %s: %s".formatted(shortened(layer), problem));
    this.layer = layer;
    this.field = field;
    this.problem = problem;
  }

  /**
   * Something that is not the fault of one field.
   *
   * @param layer the layer's name; null where it is the network's fault
   * @param problem what was got and what is allowed
   */
  public InvalidNetworkException(String layer, String problem) {
    this(layer, null, problem);
  }

  /**
   * {@return the fault of one field of a layer}
   *
   * @param layer the layer's name
   * @param field what is wrong, such as {@code inputs}
   * @param problem what was got and what is allowed
   */
  public static InvalidNetworkException of(String layer, String field, String problem) {
    return new InvalidNetworkException(layer, field, "%s: %s".formatted(field, problem));
  }

  /**
   * Refuses the value of a field that is not allowed.
   *
   * @param good whether the value is allowed
   * @param layer the layer's name; null for what belongs to none
   * @param field what the value is called, such as {@code window.pad}
   * @param got the value
   * @param allowed such as {@code at least 1}
   */
  public static void require(boolean good, String layer, String field, Object got, String allowed) {
    if (!good) {
      Object shown = got instanceof String text ? '"' + shortened(text) + '"' : got;
      throw new InvalidNetworkException(
          layer, field, "%s is %s, must be %s".formatted(field, shown, allowed));
    }
  }

  /**
   * {@return the name of the layer at fault; null where it is none, or where the part does not know
   * it}
   */
  public String layer() {
    return layer;
  }

  /** {@return the field at fault; null where it is not one alone} */
  public String field() {
    return field;
  }

  /** {@return the message without the layer} */
  public String problem() {
    return problem;
  }

  /**
   * {@return a text of any length and kind as part of a sentence}
   *
   * @param text what a file or a user gave
   */
  public static String shortened(String text) {
    String plain = text.replaceAll("\\p{Cc}", "?");
    return plain.length() <= SHOWN ? plain : plain.substring(0, SHOWN) + "...";
  }
}
