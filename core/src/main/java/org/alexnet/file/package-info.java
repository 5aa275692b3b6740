/**
 * Writing files so that they survive a crash, and reading JSON so that an error names the place.
 * Every format of this project is built on it; it knows none of them.
 */
package org.alexnet.file;
