package org.alexnet.cli.option;

import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Refuses an empty value of any option, such as a variable that a script forgot to set. */
public final class EmptyValues {
  private EmptyValues() {}

  /**
   * @throws ParameterException naming the option
   */
  public static void refuse(ParseResult parsed) {
    for (ParseResult level :
        parsed.asCommandLineList().stream().map(l -> l.getParseResult()).toList()) {
      for (ArgSpec argument : level.matchedArgs()) {
        if (argument.originalStringValues().stream().anyMatch(EmptyValues::empty)) {
          throw new ParameterException(
              level.commandSpec().commandLine(),
              "%s is empty, must have a value".formatted(name(argument)));
        }
      }
    }
  }

  /** A list of nothing is as empty as nothing. */
  private static boolean empty(String value) {
    return value.replace(",", "").isBlank();
  }

  private static String name(ArgSpec argument) {
    return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
  }
}
