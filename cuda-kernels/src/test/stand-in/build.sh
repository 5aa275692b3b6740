#!/bin/sh
# Builds the stand-ins: build.sh FOLDER CUDA-MAJOR [SYMBOL]. Run by StandIn.java.
# With a symbol, the library that it belongs to lacks it.
# Compiling takes the time and is the same for all of them: objects are kept in STANDIN_OBJECTS,
# where that is set.
set -e
out=$1
major=$2
without=${3:+$3;}
objects=${STANDIN_OBJECTS:-$out}
cd "$(dirname "$0")"
mkdir -p "$out" "$objects"

# compile NAME OPTIONS: an object appears whole.
compile() {
  [ ! -f "$objects/$1.o" ] || return 0
  # shellcheck disable=SC2086
  g++ -std=c++17 -Wall -Wextra -fPIC -pthread $2 -c "$1.cpp" -o "$objects/$1.new"
  mv "$objects/$1.new" "$objects/$1.o"
}

# link FILE NAME SYMBOLS OPTIONS: symbols as a version script takes them.
link() {
  echo "$3" >"$out/$1.map"
  # shellcheck disable=SC2086
  g++ -shared -pthread -Wl,--no-as-needed -Wl,-soname,"$1" -Wl,--version-script,"$out/$1.map" \
    "$objects/$2.o" "$out/version.o" $4 -o "$out/$1"
  rm "$out/$1.map"
}

# library FILE NAME SYMBOLS: NVIDIA's libraries give their symbols a version.
library() { link "$1" "$2" "$1 { global: $3; local: $without *; };" "$out/libcuda.so.1"; }

compile driver -O2 &
first=$!
# Products of small integers stay exact, and sums keep their order, whatever the machine.
compile blas "-O3 -march=native"
compile dnn "-O3 -march=native"
compile nvrtc -O1
compile blas_lt "-O3 -march=native"
compile nccl -O1
wait $first

echo "extern \"C\" const int standin_cuda = $major;" \
  | g++ -fPIC -fvisibility=hidden -x c++ -c - -o "$out/version.o"
link libcuda.so.1 driver "{ local: ${without:-none;} };" -ldl
library "libcublas.so.$major" blas 'cublas*'
library "libcublasLt.so.$major" blas_lt 'cublasLt*'
library libcudnn.so.9 dnn 'cudnn*'
library "libnvrtc.so.$major" nvrtc 'nvrtc*'
library libnccl.so.2 nccl 'nccl*'
rm "$out/version.o"
[ -n "$STANDIN_OBJECTS" ] || rm "$out"/*.o
if [ "$major" = 13 ]; then minor=0; else minor=6; fi
builtins=libnvrtc-builtins.so.$major.$minor
echo | g++ -shared -x c++ - -Wl,-soname,"$builtins" -o "$out/$builtins"
