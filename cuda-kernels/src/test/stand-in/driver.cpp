// libcuda.so.1: one compilation, which is several times as fast as one for each part.
#include "control.cpp"
#include "devices.cpp"
#include "fibers.cpp"
#include "graphs.cpp"
#include "kernels.cpp"
#include "memory.cpp"
#include "order.cpp"
#include "streams.cpp"
