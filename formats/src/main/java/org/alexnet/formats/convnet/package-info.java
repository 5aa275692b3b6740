/**
 * Layer files of cuda-convnet, the program that the network of 2012 was made with: two files, one
 * that says what the layers are and one that says how they learn. Read as its own parser ({@code
 * layer.py} of the release by the Computer History Museum) does; what is not understood is refused.
 */
package org.alexnet.formats.convnet;
