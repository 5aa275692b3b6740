package org.alexnet.formats.convnet;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alexnet.network.AbsoluteValue;
import org.alexnet.network.Initial;
import org.alexnet.network.Layer;
import org.alexnet.network.Logistic;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.PositionBias;
import org.alexnet.network.Relu;
import org.alexnet.network.Softplus;
import org.alexnet.network.Square;
import org.alexnet.network.Sum;
import org.alexnet.network.Tanh;

/** The functions that a layer's outputs go through. */
final class Neurons {
  /** From where on the authors' program takes the function for its argument. */
  private static final float SOFTRELU_THRESHOLD = 4;

  private static final Pattern FORM = Pattern.compile("(\\w+)\\s*(?:\\[(.*)])?");
  private static final Pattern PARAMETERS =
      Pattern.compile("\\s*a\\s*=([^,]+),\\s*b\\s*=([^,]+)", Pattern.CASE_INSENSITIVE);
  private static final String KNOWN =
      "ident, relu, logistic, softrelu, abs, square, tanh[a=A,b=B] or linear[a=A,b=B]";

  private Neurons() {}

  /** Layers that compute a function one after the other, the last by the name; none for ident. */
  static List<Layer> of(Section section, String name) {
    String text = section.text("neuron", "ident");
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw unknown(section, text);
    }
    String function = form.group(1).toLowerCase(Locale.ROOT);
    if (function.equals("tanh") || function.equals("linear")) {
      return withParameters(section, function, form.group(2), name);
    }
    if (form.group(2) != null) {
      throw unknown(section, text);
    }
    return switch (function) {
      case "ident" -> List.of();
      case "relu" -> List.of(new Relu(name));
      case "logistic" -> List.of(new Logistic(name));
      case "softrelu" -> List.of(new Softplus(name, SOFTRELU_THRESHOLD));
      case "abs" -> List.of(new AbsoluteValue(name));
      case "square" -> List.of(new Square(name));
      default -> throw unknown(section, text);
    };
  }

  /** a tanh(b x), or a x + b. */
  private static List<Layer> withParameters(
      Section section, String function, String parameters, String name) {
    Matcher values = PARAMETERS.matcher(parameters == null ? "a=1,b=" + one(function) : parameters);
    if (!values.matches()) {
      throw unknown(section, section.text("neuron"));
    }
    float a = number(section, values.group(1));
    float b = number(section, values.group(2));
    if (function.equals("linear")) {
      return b == 0
          ? List.of(multiple(name, a))
          : List.of(multiple(name + "_multiple", a), constant(name, b));
    }
    return a == 1 && b == 1
        ? List.of(new Tanh(name))
        : List.of(multiple(name + "_argument", b), new Tanh(name + "_tanh"), multiple(name, a));
  }

  private static String one(String function) {
    return function.equals("tanh") ? "1" : "0";
  }

  private static float number(Section section, String text) {
    try {
      float number = Float.parseFloat(text.strip());
      if (Float.isFinite(number)) {
        return number;
      }
    } catch (NumberFormatException _) {
      // said below
    }
    throw unknown(section, section.text("neuron"));
  }

  private static Sum multiple(String name, float factor) {
    return new Sum(name, List.of(factor));
  }

  /** A bias that does not learn. */
  private static PositionBias constant(String name, float value) {
    return new PositionBias(name, new ParameterSpec(new Initial.Constant(value), 0, 0));
  }

  private static RuntimeException unknown(Section section, String text) {
    return section.wrong("neuron", "is %s, must be %s".formatted(ConfigFile.shown(text), KNOWN));
  }
}
