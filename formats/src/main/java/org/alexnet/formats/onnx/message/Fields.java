package org.alexnet.formats.onnx.message;

/** Numbers of the fields of ONNX's messages, and of what they enumerate. */
public final class Fields {
  public static final int MODEL_IR_VERSION = 1;
  public static final int MODEL_PRODUCER = 2;
  public static final int MODEL_GRAPH = 7;
  public static final int MODEL_OPSET = 8;
  public static final int MODEL_METADATA = 14;

  public static final int OPSET_DOMAIN = 1;
  public static final int OPSET_VERSION = 2;

  public static final int ENTRY_KEY = 1;
  public static final int ENTRY_VALUE = 2;

  public static final int GRAPH_NODE = 1;
  public static final int GRAPH_NAME = 2;
  public static final int GRAPH_INITIALIZER = 5;
  public static final int GRAPH_INPUT = 11;
  public static final int GRAPH_OUTPUT = 12;

  public static final int NODE_INPUT = 1;
  public static final int NODE_OUTPUT = 2;
  public static final int NODE_NAME = 3;
  public static final int NODE_TYPE = 4;
  public static final int NODE_ATTRIBUTE = 5;

  public static final int ATTRIBUTE_NAME = 1;
  public static final int ATTRIBUTE_FLOAT = 2;
  public static final int ATTRIBUTE_INTEGER = 3;
  public static final int ATTRIBUTE_TEXT = 4;
  public static final int ATTRIBUTE_TENSOR = 5;
  public static final int ATTRIBUTE_INTEGERS = 8;
  public static final int ATTRIBUTE_TYPE = 20;

  public static final int TYPE_FLOAT = 1;
  public static final int TYPE_INTEGER = 2;
  public static final int TYPE_TEXT = 3;
  public static final int TYPE_INTEGERS = 7;

  public static final int TENSOR_DIMS = 1;
  public static final int TENSOR_TYPE = 2;
  public static final int TENSOR_FLOATS = 4;
  public static final int TENSOR_INT32S = 5;
  public static final int TENSOR_INT64S = 7;
  public static final int TENSOR_NAME = 8;
  public static final int TENSOR_RAW = 9;
  public static final int TENSOR_DOUBLES = 10;
  public static final int TENSOR_EXTERNAL = 13;
  public static final int TENSOR_LOCATION = 14;

  public static final int ELEMENT_FLOAT = 1;
  public static final int ELEMENT_INT64 = 7;

  public static final int VALUE_NAME = 1;
  public static final int VALUE_TYPE = 2;
  public static final int TYPE_TENSOR = 1;
  public static final int TENSOR_TYPE_ELEMENT = 1;
  public static final int TENSOR_TYPE_SHAPE = 2;
  public static final int SHAPE_DIM = 1;
  public static final int DIM_VALUE = 1;
  public static final int DIM_NAME = 2;

  private Fields() {}
}
