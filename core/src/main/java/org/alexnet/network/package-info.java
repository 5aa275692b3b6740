/**
 * The network as data: what a paper says, and nothing about how it runs. A {@link
 * org.alexnet.network.Network} is a chain of {@link org.alexnet.network.Layer} records; the package
 * {@code program} turns it into operations.
 */
package org.alexnet.network;
