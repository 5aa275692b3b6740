package org.alexnet.program;

/**
 * What connects devices, by what it carries in one direction and what a message costs beside that;
 * round numbers to compare ways of cutting a step by.
 */
public enum Link {
  /** Sixteen lanes of the fourth generation, of whose 31.5 GB/s copies reach about 25. */
  PCIE("PCIe 4.0 x16", 25e9, 10e-6),
  /** The fourth generation, as between H100s: 900 GB/s for both directions. */
  NVLINK("NVLink 4", 450e9, 5e-6),
  ETHERNET_10("10 GbE", 1.25e9, 50e-6),
  ETHERNET_100("100 GbE", 12.5e9, 20e-6);

  private final String name;
  private final double bytesPerSecond;
  private final double latency;

  Link(String name, double bytesPerSecond, double latency) {
    this.name = name;
    this.bytesPerSecond = bytesPerSecond;
    this.latency = latency;
  }

  /** Seconds until a message of so many bytes is across. */
  public double seconds(long bytes) {
    return bytes / bytesPerSecond + latency;
  }

  /** As its makers call it. */
  @Override
  public String toString() {
    return name;
  }
}
