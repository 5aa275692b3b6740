package org.alexnet.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Backends;
import org.alexnet.cli.measure.Selftest;
import org.alexnet.cli.option.ComputeOptions;
import org.alexnet.cli.output.Answers;
import org.alexnet.cli.output.CommonOptions;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.LongCommand;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.model.Models;
import org.alexnet.network.Network;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code selftest}: whether a backend computes what the reference does. */
@Command(
    name = "selftest",
    description = "Compares one training step of alexnet-32 with the reference's.")
final class SelftestCommand extends LongCommand {
  private static final String MODEL = "alexnet-32";

  @ArgGroup(validate = false, heading = "%nDevices:%n")
  private ComputeOptions devices = new ComputeOptions();

  @Mixin private CommonOptions common;

  SelftestCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  public Integer call() {
    Network network = Models.named(MODEL).network();
    devices.requireColumns(network);
    ProgressView view = show(common);
    view.working("Comparing with the reference", 0, 0);
    try (Backend backend = devices.open(view::message);
        Backend reference = Backends.named("reference").open(BackendOptions.defaults())) {
      List<Selftest.Check> checks = Selftest.run(reference, backend, devices.precision(), network);
      view.end();
      List<String> failed =
          checks.stream().filter(c -> !c.passed()).map(Selftest.Check::name).toList();
      if (common.json) {
        Answers.print(terminal, json(backend.name(), checks, failed.isEmpty()));
      } else {
        print(backend.name(), checks);
      }
      if (!failed.isEmpty()) {
        terminal.fail(
            "backend %s failed: %s differ from the reference; compute on another (--backend reference is slow and right)."
                .formatted(backend.name(), String.join(", ", failed)),
            null);
        return ExitStatus.FAILED;
      }
      return ExitStatus.SUCCESS;
    } finally {
      view.end();
    }
  }

  private void print(String backend, List<Selftest.Check> checks) {
    for (Selftest.Check check : checks) {
      terminal
          .out()
          .printf(
              "%-24s %8.1e of %.0e  %s%n",
              check.name(), check.error(), check.bound(), check.passed() ? "ok" : "WRONG");
    }
    long passed = checks.stream().filter(Selftest.Check::passed).count();
    terminal
        .out()
        .printf(
            "%s, one training step of %s: %d of %d tensors agree with the reference%n",
            backend, MODEL, passed, checks.size());
  }

  private static ObjectNode json(String backend, List<Selftest.Check> checks, boolean passed) {
    ObjectNode json = Answers.object();
    json.put("backend", backend);
    json.put("passed", passed);
    ArrayNode list = json.putArray("checks");
    for (Selftest.Check check : checks) {
      list.addObject()
          .put("name", check.name())
          .put("error", check.error())
          .put("bound", check.bound())
          .put("passed", check.passed());
    }
    return json;
  }
}
