// The threads of a block, on one thread of the host: each is started on a stack, and keeps it only
// if it comes to a barrier. Threads that come to none cost no more than a call.
#pragma once

#include <functional>

namespace standin {

struct Index {
  unsigned x, y, z;
};

// Where a module's code reads its place; laid out as in device.hpp.
struct Here {
  Index thread, block, blockSize, gridSize;
};

enum class BlockEnd { DONE, ABANDONED, DIVERGED };

// Runs a block's threads in order, barrier by barrier.
BlockEnd runBlock(const std::function<void()>& thread, Here& here);
// Within a thread: ends the block.
[[noreturn]] void abandonBlock();
bool inFiber();
bool onFiberStack(std::uintptr_t address);
// The number of the running thread in its block, and of barriers and blocks passed so far.
unsigned fiberThread();
unsigned long fiberPhase();
// The first phase of the running block.
unsigned long fiberBlockPhase();

}  // namespace standin
