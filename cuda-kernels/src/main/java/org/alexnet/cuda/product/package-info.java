/** Products of matrices by cuBLAS: fully-connected layers, and how fast a device multiplies. */
package org.alexnet.cuda.product;
