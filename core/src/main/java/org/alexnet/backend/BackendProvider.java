package org.alexnet.backend;

/** A backend that may or may not be able to serve on this machine. */
public interface BackendProvider {

  /** What users call it: {@code cpu}. */
  String name();

  /** The automatic choice takes the available provider of the highest rank. */
  int rank();

  /** Whether it can serve here, and why not. Must not throw and must load nothing that lingers. */
  Availability probe();

  /**
   * Opens it.
   *
   * @throws org.alexnet.AlexNetException if it cannot serve, or a device does not exist
   */
  Backend open(BackendOptions options);
}
