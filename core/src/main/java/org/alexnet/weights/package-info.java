/**
 * The parameters of a network outside a run: read from files, compared with what the network
 * declares, saved, together with the statistics of the images that the network was trained on.
 */
package org.alexnet.weights;
