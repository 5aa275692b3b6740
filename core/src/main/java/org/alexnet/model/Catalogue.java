package org.alexnet.model;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The models that come with this program, by name. */
final class Catalogue implements ModelSource {
  static final List<Model> ALL =
      List.of(
          AlexNet32.model(),
          AlexNet2012.model(),
          AlexNet2012Original.model(),
          AlexNet2012.ungrouped(),
          AlexNet2014.model(),
          CaffeNet.model(),
          CaffeNet.alexNet());

  @Override
  public String offers() {
    return ALL.stream().map(Model::name).collect(Collectors.joining(", "));
  }

  @Override
  public Optional<Model> find(ModelRequest request) {
    return ALL.stream().filter(model -> model.name().equals(request.name())).findFirst();
  }
}
