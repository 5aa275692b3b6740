// Happens-before: whether an access of one operation is ordered after another's that it conflicts
// with. Shadow memory holds, for each 64 bytes, who wrote them last and who has read them since.
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

#include "core.hpp"

namespace standin {
const Allocation* allocationBefore(Address a);

namespace {

constexpr int GRANULE = 64;

// Zero means nobody. Operations are numbered from one as they run.
struct Shadow {
  std::uint32_t writer, reader;
  std::uint32_t others;  // whether more readers, not ordered with `reader`, are listed
  std::uint32_t unused;
};

struct Operation {
  int chain;
  std::uint32_t epoch;
  std::uint32_t name;  // in the table of names
};

struct Order {
  Shadow* shadow;
  int chains = 0;
  Clock host;
  std::vector<Operation> operations{1};
  std::vector<std::string> names;
  std::unordered_map<std::string, std::uint32_t> numbers;
  std::unordered_map<std::size_t, std::vector<std::uint32_t>> others;

  const Work* work = nullptr;
  const Clock* clock = nullptr;
  std::uint32_t me = 0;
  bool reported = false;

  Order() {
    std::size_t size = ALL_RANGES / GRANULE * sizeof(Shadow);
    void* start = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) {
      std::fprintf(stderr, "stand-in: no room for shadow memory\n");
      std::abort();
    }
    shadow = static_cast<Shadow*>(start);
  }
};

Order& order() {
  static Order& order = *new Order;
  return order;
}

bool over(const Order& o, std::uint32_t operation) {
  const Operation& other = o.operations[operation];
  return o.clock->covers(other.chain, other.epoch);
}

void conflict(Order& o, Address a, bool write, std::uint32_t other, const char* did) {
  if (o.reported) return;
  o.reported = true;
  violation(o.names[o.operations[o.me].name] + (write ? " writes " : " reads ") + describe(a) +
                " and nothing orders it after " + o.names[o.operations[other].name] + ", which " +
                did + " it",
            o.work->device, LAUNCH_FAILED);
}

void read(Order& o, std::size_t granule) {
  Shadow& s = o.shadow[granule];
  if (s.reader == o.me) return;
  if (s.writer && s.writer != o.me && !over(o, s.writer))
    conflict(o, RANGES + granule * GRANULE, false, s.writer, "wrote");
  if (s.reader && !over(o, s.reader)) {
    s.others = 1;
    o.others[granule].push_back(s.reader);
  }
  s.reader = o.me;
}

void write(Order& o, std::size_t granule) {
  Shadow& s = o.shadow[granule];
  if (s.writer == o.me && (s.reader == 0 || s.reader == o.me) && !s.others) return;
  Address a = RANGES + granule * GRANULE;
  if (s.writer && s.writer != o.me && !over(o, s.writer)) conflict(o, a, true, s.writer, "wrote");
  if (s.reader && s.reader != o.me && !over(o, s.reader)) conflict(o, a, true, s.reader, "read");
  if (s.others) {
    for (std::uint32_t reader : o.others[granule])
      if (!over(o, reader)) conflict(o, a, true, reader, "read");
    o.others.erase(granule);
    s.others = 0;
  }
  s.writer = o.me;
  s.reader = 0;
}

bool badAddress(Order& o, Address a, std::size_t size, bool write) {
  char text[160];
  std::snprintf(text, sizeof text, " %s %zu bytes at ", write ? "writes" : "reads", size);
  violation(o.names[o.operations[o.me].name] + text + describe(a), o.work->device, ILLEGAL_ADDRESS);
  return false;
}

}  // namespace

void Clock::join(const Clock& other) {
  if (of.size() < other.of.size()) of.resize(other.of.size());
  for (std::size_t i = 0; i < other.of.size(); i++) of[i] = std::max(of[i], other.of[i]);
}

std::uint32_t Clock::next(int chain) {
  if (of.size() <= std::size_t(chain)) of.resize(chain + 1);
  return ++of[chain];
}

int newChain() { return order().chains++; }
Clock& hostClock() { return order().host; }
const Work* running() { return order().work; }

std::string describe(Address a) {
  char text[200];
  if (!inRanges(a)) {
    std::snprintf(text, sizeof text, "0x%zx, which is no memory of a device", a);
    return text;
  }
  std::string owner =
      ownerOf(a) == PINNED ? "pinned memory" : "device " + std::to_string(ownerOf(a));
  const Allocation* inside = allocationAt(a);
  if (inside)
    std::snprintf(text, sizeof text, "0x%zx (byte %zu of %zu, %s)", a, a - inside->begin,
                  inside->size, owner.c_str());
  else if (const Allocation* before = allocationBefore(a); before && before->owner == ownerOf(a))
    std::snprintf(text, sizeof text, "0x%zx (%s, %zu beyond the end of an allocation of %zu bytes)",
                  a, owner.c_str(), a - before->begin - before->size, before->size);
  else
    std::snprintf(text, sizeof text, "0x%zx (%s, not allocated)", a, owner.c_str());
  return text;
}

bool touch(const void* begin, std::size_t size, bool writes) {
  if (size == 0) return true;
  Order& o = order();
  Address a = reinterpret_cast<Address>(begin);
  const Allocation* found = allocationAt(a);
  if (!found) return badAddress(o, a, size, writes);
  if (a + size > found->begin + found->size)
    return badAddress(o, found->begin + found->size, a + size - found->begin - found->size, writes);
  int owner = found->owner;
  if (owner != PINNED && owner != o.work->device && !o.work->copy &&
      !context(o.work->device)->peers[owner]) {
    violation(o.names[o.operations[o.me].name] + " reaches the memory of device " +
                  std::to_string(owner) + " without peer access",
              o.work->device, ILLEGAL_ADDRESS);
    return false;
  }
  std::size_t first = (a - RANGES) / GRANULE, last = (a + size - 1 - RANGES) / GRANULE;
  for (std::size_t g = first; g <= last; g++) writes ? write(o, g) : read(o, g);
  return true;
}

void forget(Address begin, std::size_t size) {
  // Freed addresses are not used again: only the room that their shadow takes matters.
  Order& o = order();
  Address from = (reinterpret_cast<Address>(o.shadow + (begin - RANGES) / GRANULE) + 4095) & ~4095UL;
  Address to = reinterpret_cast<Address>(o.shadow + (begin + size - RANGES) / GRANULE) & ~4095UL;
  if (to > from) madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
}

void perform(const Work& work, const Place& place, const Clock& clock) {
  // What a failed context still has in its queues is dropped.
  if (faultOf(work.device) || !work.run) return;
  if (countOperationLoses(work.device)) return fail(work.device, LAUNCH_FAILED);
  if (work.launch && countLaunchFails()) return fail(work.device, LAUNCH_FAILED);
  Order& o = order();
  std::string name = work.name + " (" + place.where + ")";
  auto [entry, fresh] = o.numbers.try_emplace(name, std::uint32_t(o.names.size()));
  if (fresh) o.names.push_back(name);
  o.me = std::uint32_t(o.operations.size());
  o.operations.push_back({place.chain, place.epoch, entry->second});
  o.work = &work;
  o.clock = &clock;
  o.reported = false;
  work.run();
  o.work = nullptr;
  o.clock = nullptr;
}

}  // namespace standin
