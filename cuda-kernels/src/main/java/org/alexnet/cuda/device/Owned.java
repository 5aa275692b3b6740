package org.alexnet.cuda.device;

import java.util.ArrayList;
import java.util.List;

/** What an object has taken of a device, to be given back together, the last first. */
public final class Owned implements AutoCloseable {
  private final List<AutoCloseable> resources = new ArrayList<>();

  /** Keeps a resource, and gives what it stands for. */
  public <T> T take(Resource<T> resource) {
    resources.add(resource);
    return resource.get();
  }

  @Override
  public void close() {
    Closeables.all(resources);
  }
}
