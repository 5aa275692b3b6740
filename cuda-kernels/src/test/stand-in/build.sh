#!/bin/sh
# Builds the stand-ins: build.sh FOLDER CUDA-MAJOR. Run by StandIn.java.
# build.sh FOLDER CUDA-MAJOR SYMBOL builds one of them again, without this symbol.
set -e
out=$1
major=$2
flags="-std=c++17 -Wall -Wextra -shared -fPIC -DSTANDIN_CUDA=$major"
# A symbol that is left out has another name.
[ -z "$3" ] || flags="$flags -D$3=left_out_$3"
cd "$(dirname "$0")"
mkdir -p "$out"

# library FILE SYMBOLS SOURCE OPTIONS: NVIDIA's libraries give their symbols a version.
library() {
  echo "$1 { global: $2; local: *; };" >"$out/$1.map"
  # shellcheck disable=SC2086
  g++ $flags $4 -Wl,--no-as-needed -Wl,-soname,"$1" -Wl,--version-script,"$out/$1.map" "$3" "$out/libcuda.so.1" \
    -pthread -o "$out/$1"
  rm "$out/$1.map"
}

# shellcheck disable=SC2086
driver() { g++ $flags -O2 -Wl,-soname,libcuda.so.1 driver.cpp -ldl -pthread -o "$out/libcuda.so.1"; }

# Products of small integers stay exact, and sums keep their order, whatever the machine.
fast="-O3 -march=native"
blas() { library "libcublas.so.$major" 'cublas*' blas.cpp "$fast"; }
dnn() { library libcudnn.so.9 'cudnn*' dnn.cpp "$fast"; }
nvrtc() { library "libnvrtc.so.$major" 'nvrtc*' nvrtc.cpp -O1; }

case "$3" in
  '') ;;
  cublas*) blas; exit ;;
  cudnn*) dnn; exit ;;
  nvrtc*) nvrtc; exit ;;
  *) driver; exit ;;
esac

# The others link to libcuda.so.1; so that they need not wait for it, to an empty one first.
echo | g++ -shared -x c++ - -Wl,-soname,libcuda.so.1 -o "$out/libcuda.so.1"
dnn &
first=$!
blas
library "libcublasLt.so.$major" 'cublasLt*' blas_lt.cpp -O1
wait $first
nvrtc &
first=$!
driver
wait $first
if [ "$major" = 13 ]; then minor=0; else minor=6; fi
builtins=libnvrtc-builtins.so.$major.$minor
echo | g++ -shared -x c++ - -Wl,-soname,"$builtins" -o "$out/$builtins"
