// cuBLASLt: cuBLAS needs it, our backend calls nothing of it.
extern "C" unsigned long cublasLtGetVersion() { return STANDIN_CUDA * 10000; }
