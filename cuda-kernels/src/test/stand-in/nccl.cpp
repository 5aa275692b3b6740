// NCCL: sums over the devices of a process, or of several, which here are threads of one. In a
// process what would wait forever on GPUs is a violation: a device that takes no part, or calls of
// several devices that are not a group. A rank of another process is waited for until the own one is
// aborted, and is never told to be lost. What is begun with such ranks is put into streams only when
// the program has asked so often that it hears it is over.
#include <algorithm>
#include <map>
#include <memory>

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

enum Status {
  OK = 0,
  CUDA_ERROR = 1,
  SYSTEM_ERROR = 2,
  BAD_ARGUMENT = 4,
  BAD_USAGE = 5,
  IN_PROGRESS = 7
};
constexpr unsigned MAGIC = 0xcafebeef;
constexpr unsigned WITH_CONFIG = 21400;
constexpr int SUM = 0;
constexpr unsigned NO_TIMING = 2;

struct Ring;
struct Rank;
struct Call {
  char* from;
  char* to;
  std::size_t count;
  Format format;
  Rank* rank;
  void* stream;
};

struct Rank : Object {
  Ring* ring;
  int index = 0;
  bool busy = false;     // with what was begun last
  bool aborted = false;
  bool counted = false;  // among those that have begun the first sum
  long sums = 0;         // begun so far
  std::vector<Call> begun;
  Rank(int device, Ring* ring) : Object("nccl rank", device), ring(ring) {}
};

// What ranks of several processes add up.
struct Sum {
  std::size_t count;
  Format format;
  std::vector<std::vector<float>> parts;  // by rank, once they are there
  int taken = 0;                          // by ranks that know of it
  int there = 0;
};

struct Ring {
  std::vector<Rank*> ranks;  // of several processes: null where one has not come
  bool joined = false;       // from several processes
  int status = OK;
  int connected = 0;  // ranks that have begun the first sum
  std::map<long, std::shared_ptr<Sum>> sums;
};

thread_local int depth = 0;
thread_local bool begun = false;  // something that is not over at the end of the group
std::vector<Call>& group() {
  thread_local std::vector<Call>& calls = *new std::vector<Call>;
  return calls;
}

std::map<std::string, Ring*>& rings() {
  static std::map<std::string, Ring*>& all = *new std::map<std::string, Ring*>;
  return all;
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

// A rank sends its part when its stream is that far, and goes on when all have.
int enqueueJoined(const Call& c) {
  Ring* ring = c.rank->ring;
  int size = int(ring->ranks.size()), index = c.rank->index;
  auto& sum = ring->sums[c.rank->sums];
  if (!sum) {
    sum = std::make_shared<Sum>(Sum{c.count, c.format, {}});
    sum->parts.resize(size);
  }
  if (sum->count != c.count || sum->format != c.format)
    return wrong("workers sum up different tensors", c.rank->device);
  int error = cuCtxSetCurrent(context(c.rank->device));
  Stream* stream = error ? nullptr : streamOf(c.stream, error);
  if (!stream) return CUDA_ERROR;
  auto s = sum;
  auto send = [c, s, index] {
    if (!touch(c.from, c.count * bytes(c.format), false)) return;
    for (std::size_t i = 0; i < c.count; i++) s->parts[index].push_back(load(c.from, i, c.format));
    s->there++;
  };
  auto receive = [c, s, size] {
    if (s->there < size || !touch(c.to, c.count * bytes(c.format), true)) return;
    for (std::size_t i = 0; i < c.count; i++) {
      float all = 0;
      for (auto part = s->parts.rbegin(); part != s->parts.rend(); ++part) all += (*part)[i];
      store(c.to, i, c.format, all);
    }
  };
  Rank* rank = c.rank;
  auto waits = [rank, s, size] { return !rank->aborted && s->there < size; };
  error = enqueue(stream, {"part of a sum of workers", rank->device, true, false, send});
  if (!error)
    error = enqueue(stream, {"sum of workers", rank->device, false, false, receive, waits});
  if (++s->taken == size) ring->sums.erase(rank->sums);
  rank->sums++;
  return error ? CUDA_ERROR : OK;
}

// How far a rank is with what it has begun last.
int progress(Rank* rank) {
  Ring* ring = rank->ring;
  if (!rank->busy) return OK;
  if (ring->status) return ring->status;
  bool last = rank->index + 1 == int(ring->ranks.size());
  if (options().nccl == NCCL_LAST_REFUSES && last) return SYSTEM_ERROR;
  for (Rank* other : ring->ranks)
    if (!other) return IN_PROGRESS;
  if (options().nccl == NCCL_NEVER_CONNECTS) return IN_PROGRESS;
  if (!rank->begun.empty()) {
    if (!rank->counted) ring->connected++;
    rank->counted = true;
    if (ring->connected < int(ring->ranks.size())) return IN_PROGRESS;
  }
  std::vector<Call> calls = std::move(rank->begun);
  rank->begun.clear();
  rank->busy = false;
  Context* before = currentDevice() < 0 ? nullptr : context(currentDevice());
  int status = OK;
  for (const Call& c : calls)
    if (!status) status = enqueueJoined(c);
  cuCtxSetCurrent(before);
  return status;
}

}  // namespace
}  // namespace standin

using namespace standin;

extern "C" {

struct UniqueId {
  char internal[128];
};

struct Config {
  std::size_t size;
  unsigned magic, version;
  int blocking;
};

int ncclGetUniqueId(UniqueId* id) {
  ENTRY;
  static int made = 0;
  if (options().nccl == NCCL_REFUSES) return SYSTEM_ERROR;
  made++;
  for (int i = 0; i < 128; i++) id->internal[i] = char(i * 37 + made);
  return OK;
}

int ncclCommInitRankConfig(Rank** rank, int count, UniqueId id, int index, const Config* config) {
  ENTRY;
  if (count < 1 || index < 0 || index >= count || currentDevice() < 0) return BAD_ARGUMENT;
  if (!config || config->magic != MAGIC || config->version < WITH_CONFIG || config->blocking != 0 ||
      config->size < sizeof(Config))
    return BAD_ARGUMENT;
  if (depth == 0) return wrong("a rank of several is joined without a group", currentDevice());
  Ring*& ring = rings()[std::string(id.internal, sizeof id.internal)];
  if (!ring) {
    ring = new Ring;
    ring->joined = true;
    ring->ranks.resize(count);
  }
  if (int(ring->ranks.size()) != count || ring->ranks[index]) return BAD_ARGUMENT;
  for (Rank* other : ring->ranks)
    if (other && other->device == currentDevice()) ring->status = BAD_USAGE;
  *rank = ring->ranks[index] = new Rank(currentDevice(), ring);
  (*rank)->index = index;
  (*rank)->busy = begun = true;
  return OK;
}

int ncclCommGetAsyncError(Rank* rank, int* status) {
  ENTRY;
  if (!find(rank, "nccl rank")) return BAD_ARGUMENT;
  *status = progress(rank);
  return OK;
}

int ncclGetVersion(int* version) {
  *version = 22703;
  return OK;
}

const char* ncclGetErrorString(int status) {
  switch (status) {
    case OK: return "no error";
    case CUDA_ERROR: return "unhandled cuda error";
    case SYSTEM_ERROR: return "unhandled system error";
    case IN_PROGRESS: return "NCCL operation in progress";
    default: return "invalid usage";
  }
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
  if (rank->busy) return wrong("a rank ends in the middle of something", rank->device);
  rank->end();
  return OK;
}

int ncclCommAbort(Rank* rank) {
  ENTRY;
  if (!find(rank, "nccl rank")) return BAD_ARGUMENT;
  rank->aborted = true;
  rank->end();
  return OK;
}

int ncclGroupStart() {
  ENTRY;
  depth++;
  return OK;
}

int ncclGroupEnd() {
  ENTRY;
  if (depth == 0) return BAD_USAGE;
  if (--depth > 0) return OK;
  std::vector<Call> calls = std::move(group());
  group().clear();
  for (const Call& c : calls)
    if (c.rank->ring->joined) {
      c.rank->begun.push_back(c);
      c.rank->busy = begun = true;
    }
  auto joined = [](const Call& c) { return c.rank->ring->joined; };
  calls.erase(std::remove_if(calls.begin(), calls.end(), joined), calls.end());
  bool waits = begun;
  begun = false;
  if (calls.empty()) return waits ? IN_PROGRESS : OK;
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
  if (rank->busy) return wrong("a rank is used in the middle of something", rank->device);
  if (depth == 0 && rank->ring->ranks.size() > 1)
    return wrong("a sum of several devices of one thread without a group", rank->device);
  ncclGroupStart();
  group().push_back({from, to, count, formats[type], rank, stream});
  return ncclGroupEnd();
}
}
