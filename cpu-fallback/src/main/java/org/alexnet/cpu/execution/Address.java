package org.alexnet.cpu.execution;

/**
 * Where the images of a tensor lie: in the arena, or in a worker's scratch that holds only the
 * images of the task at hand. Numbers count floats.
 *
 * @param base start of the tensor, or of worker 0's scratch
 * @param image floats an image
 * @param worker distance between the scratch of two workers; 0 in the arena
 * @param local whether it is scratch
 */
public record Address(int base, int image, int worker, boolean local) {

  /** Start of image {@code first}, the first of a task; the others of the task follow it. */
  public int of(int worker, int first) {
    return local ? base + worker * this.worker : base + first * image;
  }
}
