/**
 * Images packed into one file that is mapped into memory; {@code docs/prepared-files.md} describes
 * the format. {@link org.alexnet.data.prepared.Preparation} writes it, {@link
 * org.alexnet.data.prepared.PreparedSource} reads it.
 */
package org.alexnet.data.prepared;
