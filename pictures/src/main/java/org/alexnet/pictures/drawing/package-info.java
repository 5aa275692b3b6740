/**
 * How pictures are drawn: a {@link org.alexnet.pictures.drawing.Drawing} collects marks and panels
 * in pixels, and the {@link org.alexnet.pictures.drawing.Picture} that results becomes a PNG or an
 * SVG file. Nothing here knows what is shown.
 */
package org.alexnet.pictures.drawing;
