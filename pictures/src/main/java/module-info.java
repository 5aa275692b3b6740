/**
 * Pictures of data, networks and runs. It sees runs and what {@code org.alexnet.inference} answers,
 * and nothing of backends.
 */
module org.alexnet.pictures {
  requires transitive org.alexnet.core;
  requires java.desktop;
  requires jdk.httpserver;

  exports org.alexnet.pictures;
  exports org.alexnet.pictures.chart;
  exports org.alexnet.pictures.drawing;
  exports org.alexnet.pictures.report;
  exports org.alexnet.pictures.watch;
}
