/**
 * A training run on disk: its settings, its metrics and its checkpoints, each of which is one
 * generation of weights, momentum and state that becomes current by a single rename. The trainer
 * writes here; evaluation and prediction read, also while a training is going on.
 */
package org.alexnet.run;
