/**
 * Decoding of image files to pixels of a size. A file is read once, bounded in memory, and an image
 * that cannot be decoded is an {@link org.alexnet.data.UnreadableImageException}.
 */
package org.alexnet.data.image;
