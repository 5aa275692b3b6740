package org.alexnet.backend;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import org.alexnet.AlexNetException;

/** The backends of this installation. */
public final class Backends {
  private Backends() {}

  /** Every provider, the best first. */
  public static List<BackendProvider> providers() {
    List<BackendProvider> all = new ArrayList<>();
    ServiceLoader.load(BackendProvider.class, Backends.class.getClassLoader()).forEach(all::add);
    all.sort(Comparator.comparingInt(BackendProvider::rank).reversed());
    return all;
  }

  /** The provider of a name. */
  public static BackendProvider named(String name) {
    return providers().stream()
        .filter(p -> p.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new AlexNetException(
                    "There is no backend \"%s\"; there are: auto, %s."
                        .formatted(
                            name,
                            String.join(
                                ", ", providers().stream().map(BackendProvider::name).toList()))));
  }

  /**
   * Chooses a provider. One asked for by name must be able to serve; {@code auto} takes the best
   * that can, and says which in one line.
   *
   * @param say receives that line, and later what the backend has to tell while it is open
   */
  public static BackendProvider choose(String name, Consumer<String> say) {
    if (!name.equals("auto")) {
      BackendProvider provider = named(name);
      provider.probe().require(name);
      return new Speaking(provider, say);
    }
    return new Speaking(best(providers(), say), say);
  }

  /** The first of these that can serve; says which, and in a clause why not those before it. */
  static BackendProvider best(List<BackendProvider> providers, Consumer<String> say) {
    List<String> clauses = new ArrayList<>();
    StringBuilder reasons = new StringBuilder();
    for (BackendProvider provider : providers) {
      Availability availability = provider.probe();
      if (availability.available()) {
        String passed =
            clauses.isEmpty()
                ? ""
                : " (%s; `alexnet devices` says more)".formatted(String.join(", ", clauses));
        String with = availability.reason().replaceFirst("\\.$", "");
        say.accept("Running on %s: %s%s.".formatted(provider.name(), with, passed));
        return provider;
      }
      clauses.add(availability.obstacle().clause());
      reasons.append(" Not %s: %s".formatted(provider.name(), availability.reason()));
    }
    throw new AlexNetException("No backend can serve here." + reasons);
  }

  /** A provider whose backends have somebody to talk to. */
  private record Speaking(BackendProvider provider, Consumer<String> say)
      implements BackendProvider {
    @Override
    public String name() {
      return provider.name();
    }

    @Override
    public int rank() {
      return provider.rank();
    }

    @Override
    public Availability probe() {
      return provider.probe();
    }

    @Override
    public Backend open(BackendOptions options) {
      return provider.open(options.saying(say));
    }
  }
}
