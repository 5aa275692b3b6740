/**
 * Chains of operations that one kernel computes in one pass over memory, written for the shapes of
 * a network. {@link org.alexnet.cuda.fusion.Chains} finds them in a program for the lowering.
 */
package org.alexnet.cuda.fusion;
