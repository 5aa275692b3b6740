/**
 * Inner loops: register tiles of products, windows and pointwise work, on the Vector API and as
 * plain loops. They see float arrays and nothing of programs.
 */
package org.alexnet.cpu.kernel;
