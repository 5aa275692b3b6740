/** Folders of images: one subfolder a class, or {@code train/} and {@code val/} above those. */
package org.alexnet.data.folder;
