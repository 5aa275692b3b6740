/**
 * What can be shown: one class a kind of picture, which takes images, weights or scores and lays
 * out a {@link org.alexnet.pictures.drawing.Picture}. They are what the command {@code show} calls
 * and stand beside it at the end of the flow.
 */
package org.alexnet.pictures;
