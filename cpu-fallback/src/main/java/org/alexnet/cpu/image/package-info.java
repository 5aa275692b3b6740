/**
 * Operations that handle each image by itself, and the chain that runs several of them on a few
 * images while these are in the cache.
 */
package org.alexnet.cpu.image;
