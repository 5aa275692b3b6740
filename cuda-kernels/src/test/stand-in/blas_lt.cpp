// cuBLASLt: cuBLAS needs it, our backend calls nothing of it.
extern "C" __attribute__((visibility("hidden"))) const int standin_cuda;
extern "C" unsigned long cublasLtGetVersion() { return standin_cuda * 10000; }
