/** Measurements and checks of a backend on data made for them: the bench and selftest commands. */
package org.alexnet.cli.measure;
