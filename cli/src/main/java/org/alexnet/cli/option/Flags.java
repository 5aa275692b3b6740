package org.alexnet.cli.option;

import org.alexnet.Setting;

/** What settings are called on the command line. */
public final class Flags {
  private Flags() {}

  /**
   * A setting as a user writes it.
   *
   * @param value empty for the setting alone
   */
  public static String of(Setting setting, String value) {
    return value.isEmpty() ? name(setting) : name(setting) + " " + value;
  }

  private static String name(Setting setting) {
    return switch (setting) {
      case ALL_IMAGES -> "--all";
      case BACKEND -> "--backend";
      case BATCH -> "--batch";
      case CENTRE_VIEW -> "--crops 1";
      case CHECKPOINT_EVERY -> "--checkpoint-every";
      case CLASSES -> "--classes";
      case CLASS_NAMES -> "--names FILE, one a line";
      case DATA -> "--data";
      case DATA_ON_DEVICE -> "--data-on-device";
      case DEVICES -> "--devices";
      case EPOCHS -> "--epochs";
      case INIT -> "--init";
      case INPUT -> "--input FILE";
      case LAYER -> "--layer";
      case LOG_EVERY -> "--log-every";
      case MEAN -> "--mean";
      case MEMORY -> "ALEXNET_JAVA_OPTS=-Xmx8g";
      case MODEL -> "--model";
      case MOMENTUM -> "--momentum";
      case NEIGHBOURS -> "--k";
      case NUMBER -> "--n";
      case OUT -> "--out";
      case PARALLEL -> "--parallel";
      case PARAMS -> "--params";
      case PORT -> "--port";
      case PRECISION -> "--precision";
      case QUERIES -> "--queries";
      case RATE -> "--lr";
      case RAW -> "--raw";
      case RESIZE -> "--resize";
      case RESUME -> "--resume";
      case SIZE -> "--size";
      case SKIP_BAD -> "--skip-bad";
      case SOLVER -> "--solver";
      case SYNC -> "--sync";
      case THREADS -> "--threads";
      case VALIDATION -> "--val";
      case VALIDATION_FRACTION -> "--val-fraction";
      case WEIGHTS -> "--weights";
      case WEIGHT_DECAY -> "--weight-decay";
      case WORKERS -> "--workers";
    };
  }
}
