// NCCL: sums over the devices of a process. What would wait forever on GPUs is a violation: a device
// that takes no part, or calls of several devices that are not a group.
#include <map>

#include "core.hpp"
#include "numbers.hpp"

extern "C" {
int cuCtxSetCurrent(standin::Context* context);
int cuEventCreate(standin::Event** event, unsigned flags);
int cuEventDestroy_v2(standin::Event* event);
int cuEventRecord(standin::Event* event, void* stream);
int cuStreamWaitEvent(void* stream, standin::Event* event, unsigned flags);
}

namespace standin {
namespace {

enum Status { OK = 0, CUDA_ERROR = 1, BAD_ARGUMENT = 4, BAD_USAGE = 5 };
constexpr int SUM = 0;
constexpr unsigned NO_TIMING = 2;

struct Ring;
struct Rank : Object {
  Ring* ring;
  Rank(int device, Ring* ring) : Object("nccl rank", device), ring(ring) {}
};
struct Ring {
  std::vector<Rank*> ranks;
};

struct Call {
  char* from;
  char* to;
  std::size_t count;
  Format format;
  Rank* rank;
  void* stream;
};

int depth = 0;
std::vector<Call>& group() {
  static std::vector<Call>& calls = *new std::vector<Call>;
  return calls;
}

// The values of all devices are added from the last to the first, unlike ours.
void reduce(const std::vector<Call>& calls) {
  std::size_t n = calls[0].count;
  Format f = calls[0].format;
  for (const Call& c : calls)
    if (!touch(c.from, n * bytes(f), false) || !touch(c.to, n * bytes(f), true)) return;
  std::vector<float> sums(n, 0);
  for (auto c = calls.rbegin(); c != calls.rend(); ++c)
    for (std::size_t i = 0; i < n; i++) sums[i] += load(c->from, i, f);
  for (const Call& c : calls)
    for (std::size_t i = 0; i < n; i++) store(c.to, i, f, sums[i]);
}

int record(const Call& call, std::vector<Event*>& events) {
  if (int error = cuCtxSetCurrent(context(call.rank->device))) return error;
  Event* event;
  if (int error = cuEventCreate(&event, NO_TIMING)) return error;
  events.push_back(event);
  return cuEventRecord(event, call.stream);
}

// One device does it when all are there, and all go on when it is done.
int enqueue(const std::vector<Call>& calls) {
  std::vector<Event*> events;
  int error = 0;
  for (const Call& c : calls)
    if (!error) error = record(c, events);
  const Call& first = calls[0];
  if (!error) error = cuCtxSetCurrent(context(first.rank->device));
  for (Event* event : events)
    if (!error) error = cuStreamWaitEvent(first.stream, event, 0);
  Stream* stream = error ? nullptr : streamOf(first.stream, error);
  if (stream)
    error = enqueue(stream, {"sum of devices", first.rank->device, true, true,
                             [calls] { reduce(calls); }});
  if (!error) error = record(first, events);
  for (std::size_t i = 1; i < calls.size() && !error; i++) {
    error = cuCtxSetCurrent(context(calls[i].rank->device));
    if (!error) error = cuStreamWaitEvent(calls[i].stream, events.back(), 0);
  }
  for (Event* event : events) {
    cuCtxSetCurrent(context(event->device));
    cuEventDestroy_v2(event);
  }
  return error ? CUDA_ERROR : OK;
}

int wrong(const std::string& what, int device) {
  violation("NCCL: " + what, device, LAUNCH_FAILED);
  return BAD_USAGE;
}

// The calls of a group: one sum after another, each of all devices.
int run(std::vector<Call> calls) {
  std::size_t devices = calls[0].rank->ring->ranks.size();
  std::map<Rank*, std::vector<Call>> own;
  for (const Call& c : calls) own[c.rank].push_back(c);
  if (own.size() != devices) return wrong("a device takes no part in a sum", calls[0].rank->device);
  for (std::size_t i = 0; i < own.begin()->second.size(); i++) {
    std::vector<Call> sum;
    for (Rank* rank : calls[0].rank->ring->ranks) {
      if (own[rank].size() <= i) return wrong("a device takes part in fewer sums", rank->device);
      const Call& c = own[rank][i];
      if (!sum.empty() && (c.count != sum[0].count || c.format != sum[0].format))
        return wrong("devices sum up different tensors", rank->device);
      sum.push_back(c);
    }
    if (int status = enqueue(sum)) return status;
  }
  return OK;
}

}  // namespace
}  // namespace standin

using namespace standin;

extern "C" {

int ncclGetVersion(int* version) {
  *version = 22703;
  return OK;
}

const char* ncclGetErrorString(int status) {
  return status == OK ? "no error" : status == CUDA_ERROR ? "unhandled cuda error" : "invalid usage";
}

int ncclCommInitAll(Rank** ranks, int count, const int* devices) {
  ENTRY;
  if (count < 1 || count > options().devices || !devices) return BAD_ARGUMENT;
  if (options().nccl == NCCL_REFUSES) return CUDA_ERROR;
  Ring* ring = new Ring;
  for (int i = 0; i < count; i++) {
    if (devices[i] < 0 || devices[i] >= options().devices) return BAD_ARGUMENT;
    ring->ranks.push_back(ranks[i] = new Rank(devices[i], ring));
  }
  return OK;
}

int ncclCommDestroy(Rank* rank) {
  ENTRY;
  if (!find(rank, "nccl rank")) return BAD_ARGUMENT;
  rank->end();
  return OK;
}

int ncclCommAbort(Rank* rank) { return ncclCommDestroy(rank); }

int ncclGroupStart() {
  ENTRY;
  depth++;
  return OK;
}

int ncclGroupEnd() {
  ENTRY;
  if (depth == 0) return BAD_USAGE;
  if (--depth > 0 || group().empty()) return OK;
  std::vector<Call> calls = std::move(group());
  group().clear();
  Context* before = currentDevice() < 0 ? nullptr : context(currentDevice());
  int status = run(calls);
  cuCtxSetCurrent(before);
  return status;
}

int ncclAllReduce(char* from, char* to, std::size_t count, int type, int operation, Rank* rank,
                  void* stream) {
  ENTRY;
  std::map<int, Format> formats{{6, Format::HALF}, {7, Format::FLOAT}, {9, Format::BFLOAT16}};
  if (!find(rank, "nccl rank") || !formats.count(type) || operation != SUM) return BAD_ARGUMENT;
  if (depth == 0 && rank->ring->ranks.size() > 1)
    return wrong("a sum of several devices of one thread without a group", rank->device);
  ncclGroupStart();
  group().push_back({from, to, count, formats[type], rank, stream});
  return ncclGroupEnd();
}
}
