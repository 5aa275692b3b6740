package org.alexnet.cuda.library.file;

import java.util.ArrayList;
import java.util.List;

/**
 * The libraries that the backend needs, in the order in which what is missing is told, and last one
 * that it takes where it is there.
 */
public enum CudaLibrary {
  DRIVER("CUDA driver", "libcuda", "the NVIDIA driver", "NVIDIA driver"),
  CUBLAS("cuBLAS", "libcublas", "cuBLAS", "cuBLAS"),
  CUDNN("cuDNN", "libcudnn", "cuDNN 9", "cuDNN 9"),
  NVRTC("NVRTC", "libnvrtc", "NVRTC", "NVRTC"),
  NCCL("NCCL", "libnccl", "NCCL", "NCCL");

  /** What users call it. */
  public final String label;

  /** The start of its file's name, up to {@code .so}. */
  public final String stem;

  /** What it is, in a sentence. */
  public final String words;

  /** The same after "no". */
  public final String brief;

  CudaLibrary(String label, String stem, String words, String brief) {
    this.label = label;
    this.stem = stem;
    this.words = words;
    this.brief = brief;
  }

  /** The name under which a program asks for it: {@code libcublas.so.12}. */
  public String soname(int cudaMajor) {
    return switch (this) {
      case DRIVER -> "libcuda.so.1";
      case CUDNN -> "libcudnn.so.9";
      case NCCL -> "libnccl.so.2";
      case CUBLAS, NVRTC -> stem + ".so." + cudaMajor;
    };
  }

  /** Whether the backend does without it where it is missing. */
  public boolean optional() {
    return this == NCCL;
  }

  /** What to do where it is missing, as the end of a sentence. */
  public String remedy(int cudaMajor) {
    return remedy(List.of(this), cudaMajor);
  }

  /** What to do where these are missing, as the end of a sentence. */
  public static String remedy(List<CudaLibrary> missing, int cudaMajor) {
    List<String> steps = new ArrayList<>();
    if (missing.contains(DRIVER)) {
      steps.add("install the NVIDIA driver");
    }
    List<String> packages = new ArrayList<>();
    if (missing.contains(CUBLAS) || missing.contains(NVRTC)) {
      packages.add("the CUDA toolkit " + cudaMajor);
    }
    if (missing.contains(CUDNN)) {
      packages.add("cuDNN 9 for CUDA " + cudaMajor);
    }
    if (!packages.isEmpty()) {
      String wheels =
          cudaMajor == 13
              ? "nvidia-cublas nvidia-cudnn-cu13 nvidia-cuda-nvrtc"
              : "nvidia-cublas-cu12 nvidia-cudnn-cu12 nvidia-cuda-nvrtc-cu12";
      steps.add(
          "install %s or \"python3 -m pip install %s\", or fetch %s (2 GB) with \"mvn -N -Pcuda-libraries validate\" in the source folder"
              .formatted(
                  String.join(" and ", packages), wheels, missing.size() == 1 ? "it" : "them"));
    }
    return "%s, or set ALEXNET_CUDA_PATH to the folder that holds %s."
        .formatted(String.join(", then ", steps), missing.size() == 1 ? "it" : "them");
  }
}
