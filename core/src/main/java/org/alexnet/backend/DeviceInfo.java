package org.alexnet.backend;

/**
 * A device.
 *
 * @param name as in {@code --devices}: {@code cpu:0}
 * @param description model, cores, instruction set
 * @param memoryBytes memory that a network may use
 */
public record DeviceInfo(String name, String description, long memoryBytes) {}
