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
   * that is, and says which and why not the others.
   *
   * @param say receives the one line that explains an automatic choice
   */
  public static BackendProvider choose(String name, Consumer<String> say) {
    if (!name.equals("auto")) {
      BackendProvider provider = named(name);
      Availability availability = provider.probe();
      if (!availability.available()) {
        throw new AlexNetException(
            "Backend %s cannot serve here: %s".formatted(name, availability.reason()));
      }
      return provider;
    }
    StringBuilder passed = new StringBuilder();
    for (BackendProvider provider : providers()) {
      Availability availability = provider.probe();
      if (availability.available()) {
        say.accept("Backend %s: %s%s".formatted(provider.name(), availability.reason(), passed));
        return provider;
      }
      passed.append(" Not %s: %s".formatted(provider.name(), availability.reason()));
    }
    throw new AlexNetException("No backend can serve here." + passed);
  }
}
