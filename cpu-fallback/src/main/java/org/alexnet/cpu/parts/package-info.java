/**
 * What columns and shards have to do with each other: one order for the kernels of all, and the
 * kernels that take a tensor from one to another, to another device or worker, or join and sum up
 * what several have made.
 */
package org.alexnet.cpu.parts;
