/**
 * What runs: a network's forward operations, their derivatives and the parameter updates as one
 * immutable {@link org.alexnet.program.StepProgram}. {@link org.alexnet.program.CompiledNetwork}
 * builds it; backends lower it. Tensors are named and their sizes are N C H W; layouts belong to
 * backends.
 */
package org.alexnet.program;
