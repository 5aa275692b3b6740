/**
 * The contract between a step program and what runs it. A backend lowers the programs of a network
 * to kernels, each of which says which buffers it uses; {@link
 * org.alexnet.backend.plan.MemoryPlanner} places the buffers; the backend binds kernels to memory
 * and gives back an {@link org.alexnet.backend.Executable}. Adding a backend means one provider,
 * one lowering and one executable, found by {@link java.util.ServiceLoader}.
 */
package org.alexnet.backend;
