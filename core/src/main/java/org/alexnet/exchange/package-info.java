/**
 * Trained networks from and for other programs: weights, class names and mean images become a run,
 * and a run becomes files of a format that a {@link org.alexnet.exchange.ModelWriter} writes. It
 * knows no format but this program's own; others are found by {@link java.util.ServiceLoader}.
 */
package org.alexnet.exchange;
