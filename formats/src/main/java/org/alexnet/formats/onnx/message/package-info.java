/** Files of ONNX as they stand: messages, nodes and tensors, read and written. */
package org.alexnet.formats.onnx.message;
