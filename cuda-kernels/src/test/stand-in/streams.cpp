// Streams are queues that nobody empties until the host waits for something: then exactly what it
// waits for is run. A host that goes on too early finds nothing done.
#include <algorithm>
#include <chrono>
#include <cstring>

#include "core.hpp"

namespace standin {
namespace {

double now() {
  using namespace std::chrono;
  return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

Stream* legacy(int device) {
  Context* c = context(device);
  if (!c->legacy) {
    c->legacy = new Stream(device, true);
    c->legacy->end();  // not the program's to destroy, so not counted
    c->legacy->live = true;
    c->legacy->number = 0;
  }
  return c->legacy;
}

bool isLegacy(Stream* s) { return context(s->device)->legacy == s; }

// The null stream follows all blocking streams of its device, and they follow it.
void followLegacy(Stream* s, Item& item) {
  Stream* null = context(s->device)->legacy;
  if (!s->blocking || !null) return;
  for (Stream* other : streams()) {
    if (other == s || other->device != s->device || !other->blocking) continue;
    if (s != null && other != null) continue;
    item.after.push_back({other, other->enqueued});
    s->clock.join(other->clock);
  }
}

int numbers = 0;

}  // namespace

std::vector<Stream*>& streams() {
  static std::vector<Stream*>& all = *new std::vector<Stream*>;
  return all;
}

Stream::Stream(int device, bool blocking)
    : Object("stream", device), chain(newChain()), number(++numbers), blocking(blocking) {
  streams().push_back(this);
}

std::string Stream::name() const {
  return (number ? "stream " + std::to_string(number) : std::string("null stream")) +
         " of device " + std::to_string(device);
}

Stream* streamOf(void* handle, int& error) {
  if ((error = ready())) return nullptr;
  if (reinterpret_cast<Address>(handle) <= 1) return legacy(currentDevice());
  Stream* s = static_cast<Stream*>(find(handle, "stream"));
  error = s && s->device == currentDevice() ? SUCCESS : INVALID_HANDLE;
  return error ? nullptr : s;
}

int enqueue(Stream* s, Work work) {
  if (s->capture) {
    if (!s->capture->valid) return CAPTURE_INVALIDATED;
    if (countCaptureFails()) return s->capture->valid = false, CAPTURE_UNSUPPORTED;
    s->capture->nodes.push_back({std::move(work), s->tail, s});
    s->tail = {int(s->capture->nodes.size()) - 1};
    return SUCCESS;
  }
  if (isLegacy(s))
    for (Stream* other : streams())
      if (other->capture && other->blocking) return other->capture->valid = false, CAPTURE_IMPLICIT;
  Item item;
  followLegacy(s, item);
  if (work.launch) counts().launches++;
  s->clock.join(hostClock());
  item.place = {s->chain, s->clock.next(s->chain), s->name()};
  item.clock = s->clock;
  item.work = std::move(work);
  s->queue.push_back(std::move(item));
  s->enqueued++;
  return SUCCESS;
}

void runFirst(Stream* s) {
  Item item = std::move(s->queue.front());
  s->queue.pop_front();
  if (item.nodes) item.nodes();
  else perform(item.work, item.place, item.clock);
  s->done++;
}

namespace {

// A failed context waits for nothing: what it has in its queues is dropped.
bool waits(const Item& item) {
  return item.work.waits && !faultOf(item.work.device) && item.work.waits();
}

}  // namespace

bool advance(Stream* s, std::uint64_t until) {
  if (s->done >= until || s->queue.empty()) return false;
  for (auto& [other, at] : s->queue.front().after)
    if (other->done < at && !other->queue.empty()) return advance(other, at);
  if (waits(s->queue.front())) return false;
  runFirst(s);
  return true;
}

void advanceDevice(int device) {
  for (Stream* s : streams())
    while (s->device == device && advance(s, s->enqueued)) continue;
}

namespace {

// What waits for another process waits for work that nobody may be waiting for here.
void advanceAll() {
  for (int d = 0; d < MAX_DEVICES; d++) advanceDevice(d);
}

}  // namespace

void finish(Stream* s, std::uint64_t until) {
  while (s->done < until && !s->queue.empty()) {
    std::uint64_t before = s->done;
    auto after = s->queue.front().after;
    for (auto& [other, at] : after) finish(other, at);
    if (s->done != before) continue;  // another thread has run it meanwhile
    if (!waits(s->queue.front())) {
      runFirst(s);
      continue;
    }
    advanceAll();
    if (s->done == before) letOthersCall();
  }
}

void finishDevice(int device, bool tellHost) {
  for (std::size_t i = 0; i < streams().size(); i++) {
    Stream* s = streams()[i];
    if (s->device != device) continue;
    finish(s, s->enqueued);
    if (tellHost) hostClock().join(s->clock);
  }
}

namespace {

int synchronize(Stream* s) {
  counts().hostSyncs++;
  finish(s, s->enqueued);
  hostClock().join(s->clock);
  return faultOf(s->device);
}

// An asynchronous copy wants pinned memory on the host's side: with other memory it would quietly
// wait, or copy what the memory holds later.
bool pinned(const void* host, std::size_t size, const char* call) {
  if (holds(host, size, PINNED)) return true;
  violation(std::string(call) + " with host memory that is not pinned, or not as long",
            currentDevice(), LAUNCH_FAILED);
  return false;
}

// Host memory that is not pinned is the program's own affair.
bool touchHost(const void* host, std::size_t size, bool write) {
  return !inRanges(reinterpret_cast<Address>(host)) || touch(host, size, write);
}

int copy(const char* name, void* to, const void* from, std::size_t size, void* handle) {
  int error;
  Stream* s = streamOf(handle, error);
  if (!s) return error;
  if (size == 0) return SUCCESS;
  auto run = [=] {
    if (touchHost(from, size, false) && touchHost(to, size, true)) std::memmove(to, from, size);
  };
  return enqueue(s, {name, s->device, false, true, run});
}

bool onDevice(Address a) { return inRanges(a) && ownerOf(a) != PINNED; }

int set(Address to, std::size_t size, std::size_t width, unsigned value, void* handle) {
  int error;
  Stream* s = streamOf(handle, error);
  if (!s) return error;
  if (!onDevice(to) || to % width != 0) return INVALID_VALUE;
  if (size == 0) return SUCCESS;
  auto run = [=] {
    char* start = reinterpret_cast<char*>(to);
    if (!touch(start, size, true)) return;
    if (width == 1) std::memset(start, int(value), size);
    else std::fill_n(reinterpret_cast<unsigned*>(start), size / 4, value);
  };
  return enqueue(s, {"memset", s->device, false, true, run});
}

// The copies without a stream wait for their end.
int copyNow(const char* name, void* to, const void* from, std::size_t size) {
  if (int error = ready()) return error;
  if (int error = refuseInCapture()) return error;
  if (int error = copy(name, to, from, size, nullptr)) return error;
  return synchronize(legacy(currentDevice()));
}

void* at(Address a) { return reinterpret_cast<void*>(a); }

}  // namespace
}  // namespace standin

using namespace standin;

extern "C" {

int cuStreamCreate(Stream** stream, unsigned flags) {
  ENTRY;
  if (int error = ready()) return error;
  if (flags > 1) return INVALID_VALUE;
  *stream = new Stream(currentDevice(), flags == 0);
  return SUCCESS;
}

int cuStreamCreateWithPriority(Stream** stream, unsigned flags, int) {
  return cuStreamCreate(stream, flags);
}

int cuStreamDestroy_v2(Stream* stream) {
  ENTRY;
  if (!find(stream, "stream")) return INVALID_HANDLE;
  if (stream->capture) stream->capture->valid = false;
  finish(stream, stream->enqueued);
  stream->end();
  return faultOf(stream->device);
}

int cuStreamSynchronize(Stream* stream) {
  ENTRY;
  if (int error = refuseInCapture()) return error;
  if (reinterpret_cast<Address>(stream) <= 1) {
    if (int error = ready()) return error;
    return synchronize(legacy(currentDevice()));
  }
  return find(stream, "stream") ? synchronize(stream) : INVALID_HANDLE;
}

int cuStreamQuery(Stream* stream) {
  ENTRY;
  if (int error = refuseInCapture()) return error;
  if (!find(stream, "stream")) return INVALID_HANDLE;
  if (!advance(stream, stream->enqueued) && stream->done < stream->enqueued) advanceAll();
  if (int fault = faultOf(stream->device)) return fault;
  if (stream->done < stream->enqueued) return NOT_READY;
  hostClock().join(stream->clock);
  return SUCCESS;
}

int cuCtxSynchronize() {
  ENTRY;
  if (int error = ready()) return error;
  if (int error = refuseInCapture()) return error;
  counts().hostSyncs++;
  finishDevice(currentDevice(), true);
  return faultOf(currentDevice());
}

int cuEventCreate(Event** event, unsigned flags) {
  ENTRY;
  if (int error = ready()) return error;
  if (flags > 7) return INVALID_VALUE;
  *event = new Event(currentDevice(), !(flags & 2));
  return SUCCESS;
}

int cuEventDestroy_v2(Event* event) {
  ENTRY;
  if (!find(event, "event")) return INVALID_HANDLE;
  event->end();
  return faultOf(event->device);
}

int cuEventRecord(Event* event, void* handle) {
  ENTRY;
  int error;
  Stream* s = streamOf(handle, error);
  if (!s) return error;
  if (!find(event, "event") || event->device != s->device) return INVALID_HANDLE;
  event->stream = s;
  event->capture = s->capture;
  if (s->capture) {
    if (!s->capture->valid) return CAPTURE_INVALIDATED;
    event->nodes = s->tail;
    return SUCCESS;
  }
  auto time = event->time = std::make_shared<double>(-1);
  if ((error = enqueue(s, {"event", s->device, false, false, nullptr}))) return error;
  if (event->timing) s->queue.back().work.run = [time] { *time = now(); };
  event->at = s->enqueued;
  event->clock = s->clock;
  return SUCCESS;
}

int cuStreamWaitEvent(void* handle, Event* event, unsigned flags) {
  ENTRY;
  int error;
  Stream* s = streamOf(handle, error);
  if (!s) return error;
  if (!find(event, "event")) return INVALID_HANDLE;
  if (flags > 1) return INVALID_VALUE;
  if (!event->stream) return SUCCESS;  // never recorded: nothing to wait for
  if (event->capture) {
    Capture* capture = event->capture;
    if (!capture->valid) return CAPTURE_INVALIDATED;
    if (s->capture && s->capture != capture) {
      s->capture->valid = capture->valid = false;
      return 902;  // merges two captures
    }
    if (!s->capture) {
      s->capture = capture;
      s->tail.clear();
      capture->streams.push_back(s);
    }
    s->tail.insert(event->nodes.begin(), event->nodes.end());
    return SUCCESS;
  }
  if (s->capture) {
    s->capture->valid = false;
    return CAPTURE_ISOLATION;
  }
  s->clock.join(event->clock);
  if ((error = enqueue(s, {"wait", s->device, false, false, nullptr}))) return error;
  s->queue.back().after.push_back({event->stream, event->at});
  return SUCCESS;
}

int cuEventSynchronize(Event* event) {
  ENTRY;
  if (!find(event, "event")) return INVALID_HANDLE;
  if (event->capture) return event->capture->valid = false, CAPTURED_EVENT;
  if (int error = refuseInCapture()) return error;
  counts().hostSyncs++;
  if (!event->stream) return SUCCESS;
  Clock clock = event->clock;
  finish(event->stream, event->at);
  hostClock().join(clock);
  return faultOf(event->device);
}

int cuEventQuery(Event* event) {
  ENTRY;
  if (!find(event, "event")) return INVALID_HANDLE;
  if (event->capture) return event->capture->valid = false, CAPTURED_EVENT;
  if (int error = refuseInCapture()) return error;
  if (!event->stream) return SUCCESS;
  if (!advance(event->stream, event->at) && event->stream->done < event->at) advanceAll();
  if (int fault = faultOf(event->device)) return fault;
  if (event->stream->done < event->at) return NOT_READY;
  hostClock().join(event->clock);
  return SUCCESS;
}

int cuEventElapsedTime(float* milliseconds, Event* start, Event* end) {
  ENTRY;
  if (!find(start, "event") || !find(end, "event")) return INVALID_HANDLE;
  for (Event* e : {start, end}) {
    if (!e->timing || !e->stream || !e->time) return INVALID_HANDLE;
    if (int fault = faultOf(e->device)) return fault;
    if (*e->time < 0) return NOT_READY;
  }
  *milliseconds = float(*end->time - *start->time);
  return SUCCESS;
}

int cuEventElapsedTime_v2(float* milliseconds, Event* start, Event* end) {
  return cuEventElapsedTime(milliseconds, start, end);
}

int cuMemcpyHtoDAsync_v2(Address to, const void* from, std::size_t size, void* stream) {
  ENTRY;
  if (int error = ready()) return error;
  if (!onDevice(to) || !pinned(from, size, "cuMemcpyHtoDAsync")) return INVALID_VALUE;
  counts().sent += size;
  return copy("copy to device", at(to), from, size, stream);
}

int cuMemcpyDtoHAsync_v2(void* to, Address from, std::size_t size, void* stream) {
  ENTRY;
  if (int error = ready()) return error;
  if (!onDevice(from) || !pinned(to, size, "cuMemcpyDtoHAsync")) return INVALID_VALUE;
  return copy("copy to host", to, at(from), size, stream);
}

int cuMemcpyDtoDAsync_v2(Address to, Address from, std::size_t size, void* stream) {
  ENTRY;
  if (!onDevice(from) || !onDevice(to)) return INVALID_VALUE;
  return copy("copy on device", at(to), at(from), size, stream);
}

int cuMemcpyPeerAsync(Address to, Context* toContext, Address from, Context* fromContext,
                      std::size_t size, void* stream) {
  ENTRY;
  if (!find(toContext, "context") || !find(fromContext, "context")) return INVALID_CONTEXT;
  if (!onDevice(from) || !onDevice(to) || ownerOf(to) != toContext->device ||
      ownerOf(from) != fromContext->device) {
    if (!ready())
      violation("cuMemcpyPeerAsync with memory that is not of the device named for it",
                currentDevice(), LAUNCH_FAILED);
    return INVALID_VALUE;
  }
  return copy("copy between devices", at(to), at(from), size, stream);
}

int cuMemcpyHtoD_v2(Address to, const void* from, std::size_t size) {
  ENTRY;
  return onDevice(to) ? copyNow("copy to device", at(to), from, size) : INVALID_VALUE;
}

int cuMemcpyDtoH_v2(void* to, Address from, std::size_t size) {
  ENTRY;
  return onDevice(from) ? copyNow("copy to host", to, at(from), size) : INVALID_VALUE;
}

int cuMemcpyDtoD_v2(Address to, Address from, std::size_t size) {
  ENTRY;
  if (!onDevice(from) || !onDevice(to)) return INVALID_VALUE;
  return copyNow("copy on device", at(to), at(from), size);
}

int cuMemsetD8Async(Address to, unsigned char value, std::size_t n, void* stream) {
  ENTRY;
  return set(to, n, 1, value, stream);
}

int cuMemsetD32Async(Address to, unsigned value, std::size_t n, void* stream) {
  ENTRY;
  return set(to, n * 4, 4, value, stream);
}

int cuMemsetD8_v2(Address to, unsigned char value, std::size_t n) {
  ENTRY;
  return set(to, n, 1, value, nullptr);
}

int cuMemsetD32_v2(Address to, unsigned value, std::size_t n) {
  ENTRY;
  return set(to, n * 4, 4, value, nullptr);
}
}
