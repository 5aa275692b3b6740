/**
 * Messages of Protocol Buffers, in which Caffe and ONNX keep networks and weights. The few kinds of
 * fields are read from the mapped file where they lie, so that a blob of hundreds of megabytes is
 * neither copied nor limited to the two gigabytes of a Java array, as it is with the library of the
 * format's authors.
 */
package org.alexnet.formats.protobuf;
