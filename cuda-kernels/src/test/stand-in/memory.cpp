// Device and pinned memory. A freed range is never used again, so that a late access finds nothing.
#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "core.hpp"

namespace standin {
void countLive(const char* kind, long by);
void forget(Address begin, std::size_t size);

namespace {

constexpr std::size_t PAGE = 4096;
// Fresh memory is no zeros on a GPU: this much of it is made NaN, so that untouched memory stays
// cheap.
constexpr std::size_t POISONED = std::size_t(8) << 20;

struct Memory {
  std::map<Address, Allocation> live;
  std::size_t used[MAX_DEVICES + 1] = {};
  Address next[MAX_DEVICES + 1];
  // The last allocations that were found: a kernel's accesses fall into few.
  const Allocation* recent[4] = {};
  unsigned turn = 0;

  Memory() {
    void* base = mmap(reinterpret_cast<void*>(RANGES), ALL_RANGES, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (base != reinterpret_cast<void*>(RANGES)) {
      std::fprintf(stderr, "stand-in: the addresses of device memory are taken\n");
      std::abort();
    }
    for (int i = 0; i <= MAX_DEVICES; i++) next[i] = RANGES + i * RANGE + PAGE;
  }
};

Memory& memory() {
  static Memory& memory = *new Memory;
  return memory;
}

std::size_t pages(std::size_t size) { return (size + PAGE - 1) / PAGE * PAGE; }

void* take(std::size_t size, int owner) {
  Memory& m = memory();
  // A page that nobody has lies between two allocations.
  Address begin = m.next[owner];
  std::size_t whole = pages(size);
  if (begin + whole + PAGE > RANGES + (owner + 1) * RANGE) return nullptr;
  void* start = reinterpret_cast<void*>(begin);
  if (mprotect(start, whole, PROT_READ | PROT_WRITE) != 0) return nullptr;
  m.next[owner] = begin + whole + PAGE;
  m.used[owner] += size;
  m.live[begin] = {begin, size, owner};
  std::memset(start, 0xff, size < POISONED ? size : POISONED);
  countLive(owner == PINNED ? "pinned" : "allocation", 1);
  return start;
}

bool give(Address begin, int owner) {
  Memory& m = memory();
  auto found = m.live.find(begin);
  if (found == m.live.end() || (found->second.owner == PINNED) != (owner == PINNED)) return false;
  std::size_t size = found->second.size;
  m.used[found->second.owner] -= size;
  countLive(owner == PINNED ? "pinned" : "allocation", -1);
  for (auto& r : m.recent) r = nullptr;
  m.live.erase(found);
  void* start = reinterpret_cast<void*>(begin);
  madvise(start, pages(size), MADV_DONTNEED);
  mprotect(start, pages(size), PROT_NONE);
  forget(begin, size);
  return true;
}

}  // namespace

const Allocation* allocationAt(Address a) {
  Memory& m = memory();
  for (auto* r : m.recent)
    if (r && a - r->begin < r->size) return r;
  auto after = m.live.upper_bound(a);
  if (after == m.live.begin()) return nullptr;
  const Allocation& found = std::prev(after)->second;
  if (a - found.begin >= found.size) return nullptr;
  m.recent[m.turn++ % 4] = &found;
  return &found;
}

// The allocation that ends last before the address, for messages.
const Allocation* allocationBefore(Address a) {
  auto after = memory().live.upper_bound(a);
  return after == memory().live.begin() ? nullptr : &std::prev(after)->second;
}

bool holds(const void* begin, std::size_t size, int owner) {
  Address a = reinterpret_cast<Address>(begin);
  const Allocation* found = inRanges(a) ? allocationAt(a) : nullptr;
  return found && found->owner == owner && a + size <= found->begin + found->size;
}

std::size_t freeMemory(int device) {
  std::size_t all = options().memory[device], used = memory().used[device];
  return used < all ? all - used : 0;
}

}  // namespace standin

using namespace standin;

extern "C" {

int cuMemAlloc_v2(Address* pointer, std::size_t size) {
  ENTRY;
  if (int error = ready()) return error;
  if (int error = refuseInCapture()) return error;
  if (!pointer || size == 0) return INVALID_VALUE;
  int device = currentDevice();
  std::size_t whole = (size + 511) / 512 * 512;
  if (countAllocationFails() || whole > freeMemory(device)) return OUT_OF_MEMORY;
  void* start = take(size, device);
  if (!start) return OUT_OF_MEMORY;
  *pointer = reinterpret_cast<Address>(start);
  return SUCCESS;
}

int cuMemFree_v2(Address pointer) {
  ENTRY;
  int error = ready();
  if (error == INVALID_CONTEXT || error == NOT_INITIALIZED) return error;
  if (int refused = refuseInCapture()) return refused;
  if (pointer == 0) return error;
  const Allocation* found = inRanges(pointer) ? allocationAt(pointer) : nullptr;
  if (!found || found->begin != pointer || found->owner == PINNED) {
    violation("cuMemFree of " + describe(pointer), currentDevice(), LAUNCH_FAILED);
    return INVALID_VALUE;
  }
  // The driver waits for the device before it frees.
  finishDevice(currentDevice(), false);
  for (int d = 0; d < MAX_DEVICES; d++) advanceDevice(d);
  give(pointer, found->owner);
  return error;
}

int cuMemGetInfo_v2(std::size_t* available, std::size_t* total) {
  ENTRY;
  if (int error = ready()) return error;
  *available = freeMemory(currentDevice());
  *total = options().memory[currentDevice()];
  return SUCCESS;
}

int cuMemHostAlloc(void** pointer, std::size_t size, unsigned) {
  ENTRY;
  if (int error = ready()) return error;
  if (int error = refuseInCapture()) return error;
  if (!pointer || size == 0) return INVALID_VALUE;
  *pointer = take(size, PINNED);
  return *pointer ? SUCCESS : OUT_OF_MEMORY;
}

int cuMemAllocHost_v2(void** pointer, std::size_t size) { return cuMemHostAlloc(pointer, size, 0); }

int cuMemFreeHost(void* pointer) {
  ENTRY;
  int error = ready();
  if (error == INVALID_CONTEXT || error == NOT_INITIALIZED) return error;
  if (int refused = refuseInCapture()) return refused;
  finishDevice(currentDevice(), false);
  for (int d = 0; d < MAX_DEVICES; d++) advanceDevice(d);
  if (!give(reinterpret_cast<Address>(pointer), PINNED)) {
    violation("cuMemFreeHost of memory that is not pinned", currentDevice(), LAUNCH_FAILED);
    return INVALID_VALUE;
  }
  return error;
}

int cuMemHostGetDevicePointer_v2(Address* device, void* host, unsigned) {
  ENTRY;
  if (int error = ready()) return error;
  if (!holds(host, 1, PINNED)) return INVALID_VALUE;
  *device = reinterpret_cast<Address>(host);
  return SUCCESS;
}
}
