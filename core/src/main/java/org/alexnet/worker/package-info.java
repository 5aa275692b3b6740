/**
 * Workers that train together over the network: {@link org.alexnet.worker.Meeting} brings them
 * together, {@link org.alexnet.worker.SocketPeers} carries what they send one another, and {@link
 * org.alexnet.worker.WorkerCheck} refuses such as would not compute the same. Who starts them is
 * not known here.
 */
package org.alexnet.worker;
