/** Networks from and for other programs: {@code import} and {@code export}. */
package org.alexnet.cli.exchange;
