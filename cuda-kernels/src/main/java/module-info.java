/** The backend "cuda". It exports nothing; the service is all there is to it. */
@SuppressWarnings({"module", "requires-automatic"})
module org.alexnet.cuda {
  requires org.alexnet.core;
  requires jcuda;
  requires jcublas;
  requires jcudnn;

  provides org.alexnet.backend.BackendProvider with
      org.alexnet.cuda.CudaProvider;
}
