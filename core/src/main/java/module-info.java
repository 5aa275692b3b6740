/**
 * Networks of the AlexNet family: their description, training and use. Programs need {@code
 * org.alexnet.training} or {@code org.alexnet.inference} and, to describe data or networks, {@code
 * model} and {@code network}; the rest is for backends.
 */
@SuppressWarnings({"module", "requires-automatic"})
module org.alexnet.core {
  requires transitive com.fasterxml.jackson.databind;
  requires commons.math3;
  requires transitive java.desktop;

  exports org.alexnet;
  exports org.alexnet.exchange;
  exports org.alexnet.training;
  exports org.alexnet.inference;
  exports org.alexnet.weights to
      org.alexnet.cli;
  exports org.alexnet.weights.format;
  exports org.alexnet.tensor;
  exports org.alexnet.model;
  exports org.alexnet.network;
  exports org.alexnet.data;
  exports org.alexnet.data.loading to
      org.alexnet.pictures;
  exports org.alexnet.data.prepared;
  exports org.alexnet.data.source;
  exports org.alexnet.safetensors;
  exports org.alexnet.backend to
      org.alexnet.cpu,
      org.alexnet.cuda,
      org.alexnet.cli;
  exports org.alexnet.backend.plan to
      org.alexnet.cpu,
      org.alexnet.cuda,
      org.alexnet.cli;
  exports org.alexnet.file;
  exports org.alexnet.run to
      org.alexnet.cli,
      org.alexnet.pictures;
  exports org.alexnet.program to
      org.alexnet.cpu,
      org.alexnet.cuda,
      org.alexnet.cli;
  exports org.alexnet.random;

  uses org.alexnet.backend.BackendProvider;
  uses org.alexnet.exchange.ModelWriter;
  uses org.alexnet.model.ModelSource;
  uses org.alexnet.weights.format.WeightFormat;

  provides org.alexnet.backend.BackendProvider with
      org.alexnet.reference.ReferenceProvider;
  provides org.alexnet.model.ModelSource with
      org.alexnet.model.ModelFile;
  provides org.alexnet.weights.format.WeightFormat with
      org.alexnet.weights.format.SafetensorsFormat;
}
