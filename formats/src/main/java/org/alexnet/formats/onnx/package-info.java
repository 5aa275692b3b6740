/**
 * Networks as graphs of ONNX, and their weights: Conv, Gemm and MatMul, Relu, Tanh, LRN, pooling,
 * Concat, sums and what lies around them.
 */
package org.alexnet.formats.onnx;
