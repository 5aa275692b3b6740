/**
 * JMH benchmarks of single operations and of whole steps. Each checks its answer before it is
 * timed. Backends are found as in the product, and nothing of their insides is touched.
 */
package org.alexnet.benchmarks;
