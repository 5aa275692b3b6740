/** The command line. Nothing is exported: its interface is what users type. */
module org.alexnet.cli {
  requires org.alexnet.core;
  requires org.alexnet.pictures;
  requires info.picocli;
  requires java.desktop;

  opens org.alexnet.cli to
      info.picocli;
  opens org.alexnet.cli.exchange to
      info.picocli;
  opens org.alexnet.cli.option to
      info.picocli;
  opens org.alexnet.cli.output to
      info.picocli;
  opens org.alexnet.cli.show to
      info.picocli;
  opens org.alexnet.cli.spark to
      info.picocli;
}
