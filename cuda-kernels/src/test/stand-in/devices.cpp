// The driver's version, devices and primary contexts.
#include <cstdio>
#include <cstring>

#include "core.hpp"

namespace standin {
void countLive(const char* kind, long by);

namespace {

bool initialized = false;
Context* contexts[MAX_DEVICES];
thread_local Context* current = nullptr;

bool exists(int device) { return device >= 0 && device < options().devices; }

struct ErrorName {
  int code;
  const char *name, *text;
};
const ErrorName ERRORS[] = {
    {SUCCESS, "CUDA_SUCCESS", "no error"},
    {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {INVALID_PTX, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {NOT_READY, "CUDA_ERROR_NOT_READY", "device not ready"},
    {ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {PEER_ACCESS_ALREADY_ENABLED, "CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED",
     "peer access is already enabled"},
    {LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
     "operation not permitted when stream is capturing"},
    {CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
     "operation failed due to a previous error during capture"},
    {CAPTURE_UNMATCHED, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED",
     "capture was not initiated in this stream"},
    {CAPTURE_UNJOINED, "CUDA_ERROR_STREAM_CAPTURE_UNJOINED",
     "capturing stream has unjoined work"},
    {CAPTURE_ISOLATION, "CUDA_ERROR_STREAM_CAPTURE_ISOLATION",
     "dependency created on uncaptured work in another stream"},
    {CAPTURE_IMPLICIT, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT",
     "operation would make the legacy stream depend on a capturing blocking stream"},
    {CAPTURED_EVENT, "CUDA_ERROR_CAPTURED_EVENT",
     "operation not permitted on an event last recorded in a capturing stream"},
    {UNKNOWN, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

}  // namespace

Context* context(int device) {
  if (!contexts[device]) contexts[device] = new Context(device);
  return contexts[device];
}

int currentDevice() { return current ? current->device : -1; }

int ready() {
  if (!initialized) return NOT_INITIALIZED;
  if (!current) return INVALID_CONTEXT;
  if (current->retained == 0) {
    violation("a context is used after its release", -1, LAUNCH_FAILED);
    return INVALID_CONTEXT;
  }
  return faultOf(current->device);
}

}  // namespace standin

using namespace standin;

extern "C" {

// Whether this library is the one that the process calls: more than one may be in memory.
int standin_used() { return initialized; }

int cuInit(unsigned flags) {
  ENTRY;
  if (flags != 0) return INVALID_VALUE;
  if (options().devices == 0) return 100;
  initialized = true;
  return SUCCESS;
}

int cuDriverGetVersion(int* version) {
  ENTRY;
  *version = options().driver;
  return SUCCESS;
}

int cuGetErrorName(int error, const char** name) {
  for (auto& e : ERRORS)
    if (e.code == error) return *name = e.name, SUCCESS;
  return *name = nullptr, INVALID_VALUE;
}

int cuGetErrorString(int error, const char** text) {
  for (auto& e : ERRORS)
    if (e.code == error) return *text = e.text, SUCCESS;
  return *text = nullptr, INVALID_VALUE;
}

int cuDeviceGetCount(int* count) {
  ENTRY;
  if (!initialized) return NOT_INITIALIZED;
  *count = options().devices;
  return SUCCESS;
}

int cuDeviceGet(int* device, int ordinal) {
  ENTRY;
  if (!initialized) return NOT_INITIALIZED;
  if (!exists(ordinal)) return INVALID_DEVICE;
  *device = ordinal;
  return SUCCESS;
}

int cuDeviceGetName(char* name, int length, int device) {
  ENTRY;
  if (!exists(device)) return INVALID_DEVICE;
  std::snprintf(name, length, "Stand-in GPU");
  return SUCCESS;
}

int cuDeviceTotalMem_v2(std::size_t* bytes, int device) {
  ENTRY;
  if (!exists(device)) return INVALID_DEVICE;
  *bytes = options().memory[device];
  return SUCCESS;
}

int cuDeviceGetUuid(char* uuid, int device) {
  ENTRY;
  if (!exists(device)) return INVALID_DEVICE;
  std::memset(uuid, 0, 16);
  std::memcpy(uuid, "stand-in", 8);
  uuid[15] = char(device);
  return SUCCESS;
}

int cuDeviceGetPCIBusId(char* text, int length, int device) {
  ENTRY;
  if (!exists(device)) return INVALID_DEVICE;
  std::snprintf(text, length, "0000:%02x:00.0", device + 1);
  return SUCCESS;
}

int cuDeviceGetAttribute(int* value, int attribute, int device) {
  ENTRY;
  if (!exists(device)) return INVALID_DEVICE;
  switch (attribute) {
    case 1: case 2: case 3: *value = attribute == 3 ? 64 : 1024; break;  // threads of a block
    case 4: *value = 1024; break;
    case 5: *value = 0x7fffffff; break;  // blocks of a grid
    case 6: case 7: *value = 65535; break;
    case 8: *value = 48 << 10; break;  // shared memory of a block
    case 10: *value = 32; break;  // warp
    case 12: *value = 65536; break;  // registers of a block
    case 13: case 36: *value = 1000000; break;  // kHz: clock, memory clock
    case 15: case 19: case 31: case 40: case 41: *value = 1; break;  // overlap, mapping, unified
    case 16: *value = 16; break;  // multiprocessors
    case 37: *value = 256; break;  // memory bus
    case 38: *value = 4 << 20; break;  // second-level cache
    case 39: *value = 2048; break;  // threads of a multiprocessor
    case 75: *value = options().capability[device] / 10; break;
    case 76: *value = options().capability[device] % 10; break;
    case 81: *value = 64 << 10; break;  // shared memory of a multiprocessor
    case 97: *value = 64 << 10; break;  // shared memory of a block, on request
    default: *value = 0;
  }
  return SUCCESS;
}

int cuDeviceComputeCapability(int* major, int* minor, int device) {
  ENTRY;
  if (!exists(device)) return INVALID_DEVICE;
  *major = options().capability[device] / 10;
  *minor = options().capability[device] % 10;
  return SUCCESS;
}

int cuDevicePrimaryCtxRetain(Context** result, int device) {
  ENTRY;
  if (!initialized) return NOT_INITIALIZED;
  if (!exists(device)) return INVALID_DEVICE;
  if (int fault = faultOf(device)) return fault;
  context(device)->retained++;
  countLive("context", 1);
  *result = context(device);
  return SUCCESS;
}

int cuDevicePrimaryCtxRelease_v2(int device) {
  ENTRY;
  if (!exists(device)) return INVALID_DEVICE;
  if (context(device)->retained == 0) return INVALID_CONTEXT;
  finishDevice(device, false);
  countLive("context", -1);
  if (--context(device)->retained == 0)
    for (bool& peer : context(device)->peers) peer = false;
  return SUCCESS;
}

int cuDevicePrimaryCtxGetState(int device, unsigned* flags, int* active) {
  ENTRY;
  if (!exists(device)) return INVALID_DEVICE;
  *flags = 0;
  *active = context(device)->retained > 0;
  return SUCCESS;
}

int cuCtxSetCurrent(Context* wanted) {
  ENTRY;
  if (wanted) {
    Object* found = find(wanted, "context");
    if (!found || wanted->retained == 0) return INVALID_CONTEXT;
  }
  current = wanted;
  return SUCCESS;
}

int cuCtxGetCurrent(Context** result) {
  ENTRY;
  if (!initialized) return NOT_INITIALIZED;
  *result = current;
  return SUCCESS;
}

int cuCtxGetDevice(int* device) {
  ENTRY;
  if (!current) return INVALID_CONTEXT;
  *device = current->device;
  return SUCCESS;
}

int cuDeviceCanAccessPeer(int* can, int device, int peer) {
  ENTRY;
  if (!exists(device) || !exists(peer)) return INVALID_DEVICE;
  *can = device != peer;
  return SUCCESS;
}

int cuCtxEnablePeerAccess(Context* peer, unsigned flags) {
  ENTRY;
  if (int error = ready()) return error;
  if (flags != 0) return INVALID_VALUE;
  if (!find(peer, "context") || peer == current) return INVALID_CONTEXT;
  bool& enabled = current->peers[peer->device];
  if (enabled) return PEER_ACCESS_ALREADY_ENABLED;
  enabled = true;
  return SUCCESS;
}

int cuCtxDisablePeerAccess(Context* peer) {
  ENTRY;
  if (int error = ready()) return error;
  if (!find(peer, "context")) return INVALID_CONTEXT;
  current->peers[peer->device] = false;
  return SUCCESS;
}
}
