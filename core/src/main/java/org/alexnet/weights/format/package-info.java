/**
 * Where weights come from: files of any format that a {@link
 * org.alexnet.weights.format.WeightFormat} reads, opened by what they begin with. It knows no
 * network; {@code org.alexnet.weights} compares what a file holds with what a network declares.
 */
package org.alexnet.weights.format;
