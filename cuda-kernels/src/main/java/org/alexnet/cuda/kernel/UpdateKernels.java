package org.alexnet.cuda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cuda.device.Storage;
import org.alexnet.cuda.kernel.CudaKernel.Call;
import org.alexnet.network.FilterBounds;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/** The update of all parameters of a device in one launch, update.cu. */
public final class UpdateKernels {
  /** Bytes of a Segment and of a Piece, and elements of a piece, as in update.cu. */
  private static final int SEGMENT = 72;

  private static final int PIECE = 8;
  private static final int PIECE_ELEMENTS = 4096;

  /** Whose time an update is. */
  public static final String LAYER = "update";

  private final Layouts layouts;

  public UpdateKernels(Layouts layouts) {
    this.layouts = layouts;
  }

  /**
   * Judges scaled gradients, which may be too large for how they are kept.
   *
   * @param updates of one device, all with the same flag of a finite loss
   * @param usable [1], receives 1 if the loss and all of their gradients are finite, else 0
   */
  public CudaKernel check(List<Op.Update> updates, Tensor usable) {
    List<BufferUse> uses = new ArrayList<>();
    updates.forEach(update -> uses.add(layouts.read(update.dw())));
    Tensor finite = updates.getFirst().finite();
    uses.add(layouts.read(finite));
    uses.add(layouts.write(usable));
    int pieces = pieces(updates);
    return new CudaKernel(
        "check gradients",
        LAYER,
        true,
        uses,
        (long) pieces * Integer.BYTES,
        b -> {
          long segments = b.tables().applyAsLong(segments(updates, b));
          long cuts = b.tables().applyAsLong(cuts(updates, pieces, b));
          return List.of(
              b.launch("check_gradients", pieces, 1, segments, cuts, b.workspace()),
              b.launch(
                  "gather_overflows",
                  1,
                  1,
                  b.workspace(),
                  pieces,
                  b.address(finite),
                  b.address(usable)));
        });
  }

  /**
   * @param label of the kernel
   * @param updates of one device
   * @param usable [1], they do nothing if it is 0
   */
  public CudaKernel update(String label, List<Op.Update> updates, Tensor usable) {
    List<BufferUse> uses = new ArrayList<>();
    for (Op.Update update : updates) {
      uses.add(layouts.update(update.w()));
      uses.add(layouts.update(update.v()));
      if (layouts.hasLow(update.w())) {
        uses.add(layouts.write(Layouts.low(update.w())));
      }
      uses.add(layouts.read(update.dw()));
      uses.add(layouts.write(update.squares()));
    }
    uses.add(layouts.read(usable));
    int pieces = pieces(updates);
    return new CudaKernel(
        label,
        LAYER,
        true,
        uses,
        (long) pieces * Float.BYTES, // squares
        b -> {
          long segments = b.tables().applyAsLong(segments(updates, b));
          long cuts = b.tables().applyAsLong(cuts(updates, pieces, b));
          List<Call> calls = new ArrayList<>();
          long squares = b.workspace();
          calls.add(
              b.launch(
                  "update",
                  pieces,
                  1,
                  segments,
                  cuts,
                  b.address(usable),
                  squares,
                  b.slot().step()));
          calls.add(b.launch("gather_squares", updates.size(), 1, segments, squares));
          for (Op.Update update : updates) {
            if (update.how().bounds() != null) {
              calls.add(bound(update, b.address(usable), b));
            }
          }
          return calls;
        });
  }

  /** Brings the filters of a parameter within their bounds; a block does one. */
  private Call bound(Op.Update update, long usable, Binding b) {
    FilterBounds bounds = update.how().bounds();
    Shape shape = update.w().shape();
    // Where channels lie together, so do the filters of a position, which are its channels.
    boolean positioned = update.filters() != shape.n();
    int inner = positioned && layouts.of(update.w()).channelsLast() ? shape.c() : 1;
    return b.launch(
        "bound_filters",
        update.filters(),
        1,
        b.address(update.w()),
        layouts.hasLow(update.w()) ? b.address(Layouts.low(update.w())) : 0L,
        (int) (shape.elements() / update.filters()),
        inner,
        bounds.measure() == FilterBounds.Measure.DEVIATION ? 1 : 0,
        bounds.least(),
        bounds.most(),
        update.how().rate(),
        usable,
        b.slot().step());
  }

  private static int pieces(List<Op.Update> updates) {
    return updates.stream().mapToInt(UpdateKernels::pieces).sum();
  }

  private static int pieces(Op.Update update) {
    return (int) Math.ceilDiv(update.w().shape().elements(), (long) PIECE_ELEMENTS);
  }

  private MemorySegment segments(List<Op.Update> updates, Binding b) {
    MemorySegment table = b.arena().allocate((long) SEGMENT * updates.size(), 8);
    int first = 0;
    for (int i = 0; i < updates.size(); i++) {
      Op.Update update = updates.get(i);
      MemorySegment row = table.asSlice((long) SEGMENT * i, SEGMENT);
      boolean low = layouts.hasLow(update.w());
      row.set(JAVA_LONG, 0, b.address(update.w()));
      row.set(JAVA_LONG, 8, b.address(update.v()));
      row.set(JAVA_LONG, 16, b.address(update.dw()));
      row.set(JAVA_LONG, 24, low ? b.address(Layouts.low(update.w())) : 0);
      row.set(JAVA_INT, 32, (int) update.w().shape().elements());
      row.set(JAVA_INT, 36, layouts.of(update.dw()).storage() == Storage.FLOAT ? 1 : 0);
      row.set(JAVA_FLOAT, 40, update.how().rate());
      row.set(JAVA_FLOAT, 44, update.how().decay());
      row.set(JAVA_LONG, 48, b.address(update.squares()));
      row.set(JAVA_INT, 56, first);
      row.set(JAVA_INT, 60, pieces(update));
      row.set(JAVA_FLOAT, 64, update.how().momentum());
      first += pieces(update);
    }
    return table;
  }

  private static MemorySegment cuts(List<Op.Update> updates, int pieces, Binding b) {
    MemorySegment table = b.arena().allocate((long) PIECE * pieces, 8);
    int row = 0;
    for (int i = 0; i < updates.size(); i++) {
      for (int k = 0; k < pieces(updates.get(i)); k++) {
        table.setAtIndex(JAVA_INT, 2L * row, i);
        table.setAtIndex(JAVA_INT, 2L * row + 1, k * PIECE_ELEMENTS);
        row++;
      }
    }
    return table;
  }
}
