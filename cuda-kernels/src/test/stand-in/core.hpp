// What the parts of the stand-in share. libcuda.so.1 holds all state; the stand-ins for cuBLAS,
// cuDNN and NVRTC link to it and hand it their work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

// The release of CUDA that a library is of, 12 or 13: all that differs from one to the other.
extern "C" __attribute__((visibility("hidden"))) const int standin_cuda;

namespace standin {

using Address = std::uintptr_t;

enum Result : int {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NOT_INITIALIZED = 3,
  INVALID_DEVICE = 101,
  INVALID_IMAGE = 200,
  INVALID_CONTEXT = 201,
  INVALID_PTX = 218,
  INVALID_HANDLE = 400,
  NOT_FOUND = 500,
  NOT_READY = 600,
  ILLEGAL_ADDRESS = 700,
  PEER_ACCESS_ALREADY_ENABLED = 704,
  LAUNCH_FAILED = 719,
  NOT_SUPPORTED = 801,
  CAPTURE_UNSUPPORTED = 900,
  CAPTURE_INVALIDATED = 901,
  CAPTURE_UNMATCHED = 903,
  CAPTURE_UNJOINED = 904,
  CAPTURE_ISOLATION = 905,
  CAPTURE_IMPLICIT = 906,
  CAPTURED_EVENT = 907,
  UNKNOWN = 999,
};

constexpr int MAX_DEVICES = 6;

// ---- one lock over everything, taken by every entry point ----

std::recursive_mutex& mutex();

struct Entry {
  // Raises SIGSEGV where the environment asks for a crash in this call.
  explicit Entry(const char* function);
  ~Entry();
  std::lock_guard<std::recursive_mutex> lock{mutex()};
};
// Lets other threads call for a moment, and goes on.
void letOthersCall();
#define ENTRY ::standin::Entry entry(__func__)

// ---- handles ----

// What a handle points to. It is never freed, so that its use after its end can be told.
struct Object {
  const char* kind;
  int device;
  bool live;
  Object(const char* kind, int device);
  virtual ~Object() = default;
  void end();  // counted out of the live ones
};

// The object of a handle, or null where it is none; an ended one is a violation.
Object* find(const void* handle, const char* kind);

// ---- faults and violations (control.cpp) ----

// A device that is -1 is none: the violation is recorded and no context fails.
void violation(const std::string& message, int device, Result fault);
int faultOf(int device);
void fail(int device, Result fault);
bool countAllocationFails();
bool countLaunchFails();
bool countCaptureFails();      // work that a capture refuses
bool countInstantiateFails();  // of a graph
bool countOperationLoses(int device);

// What is wrong with an algorithm of cuDNN's; "refuses" is only told when it is to run.
enum AlgorithmFault { NO_FAULT, REFUSES, WRONG, NOT_FINITE, UNSTEADY };
AlgorithmFault algorithmFault(int direction, int number);

struct Counts {
  long launches, graphLaunches, allocations, hostSyncs;
  long sent;  // bytes, from the host to devices
};
Counts& counts();

enum NcclFault { NCCL_RIGHT, NCCL_REFUSES, NCCL_LAST_REFUSES, NCCL_NEVER_CONNECTS };
enum BlasLtFault { LT_RIGHT, LT_HAS_NONE, LT_FIRST_REFUSES, LT_FIRST_IS_WRONG, LT_LOSES_NAN };

struct Options {
  int driver, devices;
  int capability[MAX_DEVICES];
  std::size_t memory[MAX_DEVICES];
  int blasLt;             // what is wrong with cuBLASLt
  int nccl;               // what is wrong with NCCL
  std::size_t workspace;  // that cuDNN's engine on tensor cores asks for beyond its own
};
Options& options();

// ---- contexts (devices.cpp) ----

struct Stream;
struct Context : Object {
  int retained = 0;
  bool peers[MAX_DEVICES] = {};
  Stream* legacy = nullptr;  // the stream that null means
  explicit Context(int device) : Object("context", device) {}
};
Context* context(int device);
int currentDevice();  // -1: no current context
// 0, or why a call cannot begin: no context, a fault that stays.
int ready();

// ---- memory (memory.cpp) ----

// Devices' memory lies in fixed ranges of addresses, pinned memory in one more after them.
constexpr Address RANGES = 0x200000000000;
constexpr std::size_t RANGE = std::size_t(512) << 30;
constexpr int PINNED = MAX_DEVICES;
constexpr std::size_t ALL_RANGES = RANGE * (MAX_DEVICES + 1);

struct Allocation {
  Address begin;
  std::size_t size;
  int owner;  // a device, or PINNED
};
inline bool inRanges(Address a) { return a - RANGES < ALL_RANGES; }
inline int ownerOf(Address a) { return int((a - RANGES) / RANGE); }
const Allocation* allocationAt(Address a);

// Called while an operation runs, before it reads or writes. False: it must not, and has failed.
bool touch(const void* begin, std::size_t size, bool write);
// The same at the call: whether the range lies within a live allocation of the owner.
bool holds(const void* begin, std::size_t size, int owner);

// ---- order (order.cpp) ----

// What has happened before, as a count for each chain of operations (a stream, or one stream's
// part of a graph).
struct Clock {
  std::vector<std::uint32_t> of;
  void join(const Clock& other);
  std::uint32_t next(int chain);
  bool covers(int chain, std::uint32_t epoch) const {
    return std::size_t(chain) < of.size() && of[chain] >= epoch;
  }
};
int newChain();
Clock& hostClock();

struct Work {
  std::string name;  // "kernel relu", "gemm", "copy to device"
  int device;
  bool launch;  // counted as a kernel
  bool copy;    // may reach another device's memory without peer access
  std::function<void()> run;
  std::function<bool()> waits = nullptr;  // whether another process has yet to do something
};
struct Place {
  int chain;
  std::uint32_t epoch;
  std::string where;  // "stream 3 of device 0"
};
// Runs it now, with every access checked against what its clock says is over.
void perform(const Work& work, const Place& place, const Clock& clock);
const Work* running();
std::string describe(Address a);

// ---- streams and graphs (streams.cpp, graphs.cpp) ----

struct Capture;
struct Item {
  Work work;
  Place place;
  Clock clock;
  std::vector<std::pair<Stream*, std::uint64_t>> after;
  std::function<void()> nodes;  // of a graph that is launched, instead of work
};
struct Stream : Object {
  int chain, number;
  bool blocking;
  Clock clock;  // of the last item
  std::deque<Item> queue;
  std::uint64_t enqueued = 0, done = 0;
  Capture* capture = nullptr;
  std::set<int> tail;  // in a capture: the nodes that the next one follows
  Stream(int device, bool blocking);
  std::string name() const;
};
struct Event : Object {
  bool timing;
  Stream* stream = nullptr;  // null: never recorded
  std::uint64_t at = 0;
  Clock clock;
  std::shared_ptr<double> time;
  Capture* capture = nullptr;
  std::set<int> nodes;
  Event(int device, bool timing) : Object("event", device), timing(timing) {}
};
struct Node {
  Work work;
  std::set<int> after;
  Stream* stream;
};
struct Capture {
  Stream* origin;
  std::vector<Stream*> streams;
  std::vector<Node> nodes;
  bool valid = true;
};

// The stream of a handle; null with an error where it is none or of another context.
Stream* streamOf(void* handle, int& error);
int enqueue(Stream* stream, Work work);
// Runs one item; false: there was none to run, or it waits.
bool advance(Stream* stream, std::uint64_t until);
void finish(Stream* stream, std::uint64_t until);
void finishDevice(int device, bool tellHost);
// The same for those of its items that wait for no other process, nor are behind one that does.
void advanceDevice(int device);
std::vector<Stream*>& streams();
// 900, which ends the capture, where one is under way; else 0.
int refuseInCapture();
bool capturing();

}  // namespace standin
