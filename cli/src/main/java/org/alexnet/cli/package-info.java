/**
 * The command line: one class a command, each a thin layer over {@link org.alexnet.training} and
 * {@link org.alexnet.inference} that reads options, shows progress and prints an answer. {@link
 * org.alexnet.cli.Main} turns whatever goes wrong into one line and an exit status. It stands at
 * the end of the flow and never sees a backend's own classes.
 */
package org.alexnet.cli;
