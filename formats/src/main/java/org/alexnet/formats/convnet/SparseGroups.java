package org.alexnet.formats.convnet;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.alexnet.network.ChannelSelection;
import org.alexnet.random.Philox;

/**
 * The channels that the groups of a layer read where these are drawn at random (randSparse): all of
 * the input in a random order, as often as the groups need channels, cut into groups. The authors'
 * program draws them with each start; here they follow from the name of the layer, so that one file
 * is one network.
 *
 * @param groups of filters
 * @param channels of the input
 * @param each channels that one group reads
 */
record SparseGroups(int groups, int channels, int each) {
  private static final long SEED = 0;

  /**
   * Checks the numbers as the authors' parser does.
   *
   * @param section the layer, for messages
   */
  static SparseGroups of(Section section, int groups, int channels, int each) {
    if (groups < 2) {
      throw section.wrong("groups", "is %d, must be at least 2 with randSparse".formatted(groups));
    }
    if (each < 1 || channels % each != 0) {
      throw section.wrong(
          "filterChannels",
          "is %d, must divide the %,d channels of the input".formatted(each, channels));
    }
    long all = (long) groups * each;
    if (all > ChannelSelection.MOST) {
      throw section.wrong(
          "groups",
          "read %,d channels together, must read %,d at most"
              .formatted(all, ChannelSelection.MOST));
    }
    if (all % channels != 0) {
      throw section.wrong(
          "filterChannels",
          "is %d: that of %d groups is %,d, must be the %,d channels of the input or a multiple"
              .formatted(each, groups, all, channels));
    }
    return new SparseGroups(groups, channels, each);
  }

  /** What brings the channels of each group behind those of the group before it. */
  ChannelSelection selection(String name) {
    List<Integer> chosen = new ArrayList<>();
    for (int draw = 0; draw < groups * each / channels; draw++) {
      Philox random = new Philox(SEED, draw, Philox.stream("channels/" + name));
      List<Integer> order = new ArrayList<>(IntStream.range(0, channels).boxed().toList());
      for (int last = channels - 1; last > 0; last--) {
        int other = random.below(last, last + 1);
        order.set(last, order.set(other, order.get(last)));
      }
      chosen.addAll(order);
    }
    return new ChannelSelection(name, chosen);
  }
}
