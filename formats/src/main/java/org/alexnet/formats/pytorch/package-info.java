/**
 * Files that {@code torch.save} wrote: archives of ZIP since version 1.6, before that a stream of
 * pickles with the storages behind them, and until version 0.1.11 an archive of TAR. A pickle is a
 * program that builds objects; of its instructions and of the names that it may call this reader
 * knows those that a state dict needs, and it refuses all others. Nothing of a file is executed.
 */
package org.alexnet.formats.pytorch;
