package org.alexnet.cli.option;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * Refuses an option that is given twice, in the parser's own words. In a group of options the
 * parser would begin the group anew, and forget the other options of the first.
 */
public final class RepeatedOptions {
  private RepeatedOptions() {}

  /**
   * @throws ParameterException naming the option
   */
  public static void refuse(ParseResult parsed) {
    List<ParseResult> levels =
        parsed.asCommandLineList().stream().map(l -> l.getParseResult()).toList();
    ParseResult last = levels.getLast();
    Set<OptionSpec> seen = new HashSet<>();
    for (String word : parsed.originalArgs()) {
      if (word.equals("--")) {
        break;
      }
      // The parser would also find an option by its name without dashes, which is a value here.
      OptionSpec option =
          word.startsWith("-") ? last.commandSpec().findOption(word.split("=", 2)[0]) : null;
      if (option != null && !option.isMultiValue() && !seen.add(option)) {
        throw new ParameterException(
            last.commandSpec().commandLine(),
            "option '%s' (%s) should be specified only once"
                .formatted(option.longestName(), option.paramLabel()));
      }
    }
  }
}
