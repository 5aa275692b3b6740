/**
 * The live page: {@link org.alexnet.pictures.watch.Watch} follows runs by the files that they
 * write, and serves a page about them to browsers on this machine. It stands beside {@code report}
 * at the end of the flow, or beside a training in the same process.
 */
package org.alexnet.pictures.watch;
