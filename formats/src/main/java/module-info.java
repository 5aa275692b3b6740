/**
 * Files of other programs: their weights and their networks. It exports nothing; what {@code core}
 * asks of a format are services.
 */
module org.alexnet.formats {
  requires org.alexnet.core;

  provides org.alexnet.exchange.ModelWriter with
      org.alexnet.formats.caffe.CaffeWriter,
      org.alexnet.formats.onnx.OnnxWriter,
      org.alexnet.formats.pytorch.PyTorchWriter;
  provides org.alexnet.model.ModelSource with
      org.alexnet.formats.caffe.CaffeNetworks,
      org.alexnet.formats.convnet.ConvnetNetworks,
      org.alexnet.formats.onnx.OnnxNetworks;
  provides org.alexnet.weights.format.WeightFormat with
      org.alexnet.formats.pytorch.PyTorchFormat,
      org.alexnet.formats.caffe.CaffeFormat,
      org.alexnet.formats.onnx.OnnxFormat;
}
