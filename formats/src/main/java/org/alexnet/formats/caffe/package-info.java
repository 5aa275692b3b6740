/**
 * Caffe's files: weights ({@code .caffemodel}, of both generations of its layers), networks as text
 * ({@code .prototxt}) and mean images ({@code .binaryproto}). Its networks read blue, green and
 * red; here they read red, green and blue, which the filters of the first layer and the mean are
 * turned for.
 */
package org.alexnet.formats.caffe;
