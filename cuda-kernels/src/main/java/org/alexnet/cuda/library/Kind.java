package org.alexnet.cuda.library;

/** The libraries that the backend needs, in the order in which what is missing is told. */
enum Kind {
  DRIVER("CUDA driver", "libcuda", "the NVIDIA driver"),
  CUBLAS("cuBLAS", "libcublas", "cuBLAS"),
  CUDNN("cuDNN", "libcudnn", "cuDNN 9"),
  NVRTC("NVRTC", "libnvrtc", "NVRTC");

  /** What users call it. */
  final String label;

  /** The start of its file's name, up to {@code .so}. */
  final String stem;

  /** What it is, in a sentence. */
  final String words;

  Kind(String label, String stem, String words) {
    this.label = label;
    this.stem = stem;
    this.words = words;
  }

  /** The name under which a program asks for it: {@code libcublas.so.12}. */
  String soname(int cudaMajor) {
    return switch (this) {
      case DRIVER -> "libcuda.so.1";
      case CUDNN -> "libcudnn.so.9";
      case CUBLAS, NVRTC -> stem + ".so." + cudaMajor;
    };
  }

  /** What to do where it is missing, as the end of a sentence. */
  String remedy(int cudaMajor) {
    String named = "set ALEXNET_CUDA_PATH to the folder that holds it";
    if (this == DRIVER) {
      return "install the NVIDIA driver, or " + named + ".";
    }
    String wheels =
        cudaMajor == 13
            ? "nvidia-cublas nvidia-cudnn-cu13 nvidia-cuda-nvrtc"
            : "nvidia-cublas-cu12 nvidia-cudnn-cu12 nvidia-cuda-nvrtc-cu12";
    return "install "
        + (this == CUDNN ? "cuDNN 9 for CUDA " : "the CUDA toolkit ")
        + cudaMajor
        + " or \"python3 -m pip install "
        + wheels
        + "\", or fetch it (2 GB) with \"mvn -N -Pcuda-libraries validate\""
        + " in the source folder, or "
        + named
        + ".";
  }
}
