/** The backend "cpu". It exports nothing; the service is all there is to it. */
module org.alexnet.cpu {
  requires org.alexnet.core;
  requires static jdk.incubator.vector;

  provides org.alexnet.backend.BackendProvider with
      org.alexnet.cpu.CpuProvider;
}
