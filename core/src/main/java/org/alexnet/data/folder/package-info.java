/** Folders of images: one subfolder per class, or {@code train/} and {@code val/} above those. */
package org.alexnet.data.folder;
