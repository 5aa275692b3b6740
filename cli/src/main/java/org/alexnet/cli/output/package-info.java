/**
 * What commands print: answers on standard output, progress and errors on standard error, and files
 * of scores. Every command writes through {@link org.alexnet.cli.output.Terminal}.
 */
package org.alexnet.cli.output;
