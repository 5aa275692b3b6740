package org.alexnet.pictures.drawing;

/**
 * Where one of a picture's pictures lies, in pixels, without its title.
 *
 * @param x left edge in pixels
 * @param y upper edge in pixels
 * @param width in pixels
 * @param height in pixels
 * @param index number of what it shows: the image, filter or map; -1 for what the others belong to
 * @param title what it shows, in words
 */
public record Panel(int x, int y, int width, int height, int index, String title) {}
