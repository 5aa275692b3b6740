#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "core.hpp"
#include "fibers.hpp"

// Saves what a call must keep (System V), gives up this stack for another. swapcontext would make
// two system calls.
asm(R"(
.text
.type standin_switch, @function
standin_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size standin_switch, .-standin_switch
)");
extern "C" void standin_switch(void** save, void* to) __attribute__((visibility("hidden")));

namespace standin {
namespace {

constexpr std::size_t STACK = 64 << 10;
constexpr std::size_t MOST = 1024 + 1;  // threads of a block

struct Fiber {
  char* stack = nullptr;
  void* at = nullptr;
  unsigned thread = 0;
  bool waits = false;  // at a barrier
};

struct Scheduler {
  char* stacks;
  Fiber fibers[MOST];
  std::vector<Fiber*> free, waiting, round;
  Fiber* running = nullptr;
  void* home = nullptr;
  const std::function<void()>* thread = nullptr;
  Here* here = nullptr;
  unsigned next = 0, count = 0;
  unsigned long phase = 1, blockPhase = 1;
  bool abandoned = false;

  Scheduler() {
    void* all = mmap(nullptr, STACK * MOST, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (all == MAP_FAILED) {
      std::fprintf(stderr, "stand-in: no room for the threads of a block\n");
      std::abort();
    }
    stacks = static_cast<char*>(all);
    for (std::size_t i = 0; i < MOST; i++) fibers[i].stack = stacks + i * STACK;
    freeAll();
  }

  void freeAll() {
    waiting.clear();
    free.clear();
    for (std::size_t i = MOST; i-- > 0;) free.push_back(&fibers[i]);
  }
};

Scheduler& scheduler() {
  static Scheduler& scheduler = *new Scheduler;
  return scheduler;
}

void place(Scheduler& s, unsigned thread) {
  s.running->thread = thread;
  const Index& size = s.here->blockSize;
  s.here->thread = {thread % size.x, thread / size.x % size.y, thread / (size.x * size.y)};
}

void fiberMain() {
  Scheduler& s = scheduler();
  for (;;) {
    while (s.next < s.count) {
      place(s, s.next++);
      (*s.thread)();
    }
    s.running->waits = false;
    standin_switch(&s.running->at, s.home);
  }
}

void start(Fiber& f) {
  // At a function's first instruction the stack is 8 off a multiple of 16.
  void** top = reinterpret_cast<void**>(f.stack + STACK - 64);
  *--top = nullptr;
  *--top = reinterpret_cast<void*>(&fiberMain);
  top -= 6;
  f.at = top;
}

void resume(Scheduler& s, Fiber* f) {
  s.running = f;
  standin_switch(&s.home, f->at);
  s.running = nullptr;
  (f->waits ? s.waiting : s.free).push_back(f);
}

}  // namespace

BlockEnd runBlock(const std::function<void()>& thread, Here& here) {
  Scheduler& s = scheduler();
  s.thread = &thread;
  s.here = &here;
  s.next = 0;
  s.count = here.blockSize.x * here.blockSize.y * here.blockSize.z;
  s.abandoned = false;
  s.blockPhase = ++s.phase;
  while (s.next < s.count && !s.abandoned) {
    Fiber* f = s.free.back();
    s.free.pop_back();
    start(*f);
    resume(s, f);
  }
  while (!s.abandoned && !s.waiting.empty()) {
    if (s.waiting.size() != s.count) {
      s.freeAll();
      return BlockEnd::DIVERGED;
    }
    s.phase++;
    s.round.swap(s.waiting);
    s.waiting.clear();
    for (Fiber* f : s.round) {
      s.running = f;
      place(s, f->thread);
      resume(s, f);
      if (s.abandoned) break;
    }
  }
  if (!s.abandoned) return BlockEnd::DONE;
  s.freeAll();
  return BlockEnd::ABANDONED;
}

void abandonBlock() {
  Scheduler& s = scheduler();
  s.abandoned = true;
  s.running->waits = false;
  standin_switch(&s.running->at, s.home);
  std::abort();
}

bool inFiber() { return scheduler().running != nullptr; }
bool onFiberStack(std::uintptr_t address) {
  return address - reinterpret_cast<Address>(scheduler().stacks) < STACK * MOST;
}
unsigned fiberThread() { return scheduler().running->thread; }
unsigned long fiberPhase() { return scheduler().phase; }
unsigned long fiberBlockPhase() { return scheduler().blockPhase; }

}  // namespace standin

extern "C" void standin_barrier() {
  standin::Scheduler& s = standin::scheduler();
  s.running->waits = true;
  standin_switch(&s.running->at, s.home);
}
