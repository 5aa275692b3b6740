/**
 * The oracle: every operation as plain loops with double accumulators, one kernel an operation, no
 * fusion and no threads. Other backends are held to what it computes. It runs networks of any size,
 * slowly.
 */
package org.alexnet.reference;
