/**
 * Networks as graphs of ONNX, and their weights. {@link org.alexnet.formats.onnx.GraphReader} reads
 * nodes one by one and {@link org.alexnet.formats.onnx.GraphWriter} writes layers one by one; what
 * is several nodes and one layer is in {@link org.alexnet.formats.onnx.CompositeReader} and {@link
 * org.alexnet.formats.onnx.CompositeWriter}. The messages of a file lie below.
 */
package org.alexnet.formats.onnx;
