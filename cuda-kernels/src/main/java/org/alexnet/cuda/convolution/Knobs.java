package org.alexnet.cuda.convolution;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names of what can be set of an engine of cuDNN's. */
final class Knobs {
  /** CUDNN_KNOB_TYPE_... of cuDNN 9 in its order, from 0; their numbers never change. */
  private static final List<String> NAMES =
      List.of(
          """
          SPLIT_K SWIZZLE TILE_SIZE USE_TEX EDGE KBLOCK LDGA LDGB CHUNK_K SPLIT_H WINO_TILE
          MULTIPLY SPLIT_K_BUF TILEK STAGES REDUCTION_MODE CTA_SPLIT_K_MODE SPLIT_K_SLC IDX_MODE
          SLICED SPLIT_RS SINGLEBUFFER LDGC SPECFILT KERNEL_CFG WORKSPACE TILE_CGA TILE_CGA_M
          TILE_CGA_N BLOCK_SIZE OCCUPANCY ARRAY_SIZE_PER_THREAD NUM_C_PER_BLOCK SPLIT_COLS
          TILE_ROWS TILE_COLS LOAD_SIZE CTA_COUNT STREAM_K SPLIT_P_SLC TILE_M TILE_N WARP_SPEC_CFG
          SWAP_AB INPUT_TMA_ENABLE OUTPUT_TMA_ENABLE
          """
              .strip()
              .split("\\s+"));

  private static final Pattern NUMBERED = Pattern.compile("\\b(\\d{1,3})=");

  private Knobs() {}

  /** The name of a knob, or its number where a later release than 9.24 added it. */
  static String name(int type) {
    return type >= 0 && type < NAMES.size() ? NAMES.get(type) : Integer.toString(type);
  }

  /** A choice of a run that was recorded when knobs were numbers, as it reads today. */
  static String named(String choice) {
    return NUMBERED
        .matcher(choice)
        .replaceAll(
            found -> Matcher.quoteReplacement(name(Integer.parseInt(found.group(1))) + "="));
  }
}
