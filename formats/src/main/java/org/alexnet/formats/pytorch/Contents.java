package org.alexnet.formats.pytorch;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Map;

/**
 * What a file of PyTorch holds, whatever its form.
 *
 * @param root the object that was saved
 * @param storages the elements of each storage, by its key
 * @param order of the bytes of an element
 */
record Contents(Object root, Map<String, MemorySegment> storages, ByteOrder order) {}
