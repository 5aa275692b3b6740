/**
 * The command {@code show}: one class a kind of picture, each a thin layer over {@link
 * org.alexnet.pictures} that reads options, writes the file and says where the panels are.
 */
package org.alexnet.cli.show;
