// What tests set and read: violations, faults to come, counts, what is live.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sstream>
#include <thread>

#include "core.hpp"

namespace standin {
namespace {

struct State {
  std::vector<std::string> violations;
  int fault[MAX_DEVICES] = {};
  bool lost[MAX_DEVICES] = {};
  long failAllocation = 0, failLaunch = 0, failCapture = 0, failInstantiate = 0;
  long lose[MAX_DEVICES];
  std::set<std::string> crashes;
  std::map<std::pair<int, int>, AlgorithmFault> algorithms;
  Counts counts = {};
  Options options;
  std::map<const void*, Object*> objects;
  std::map<std::string, long> live;

  State() {
    std::fill(lose, lose + MAX_DEVICES, -1);
    options.driver = standin_cuda == 13 ? 13000 : 12060;
    options.devices = 2;
    std::fill(options.capability, options.capability + MAX_DEVICES, 80);
    options.workspace = 0;
    options.blasLt = 0;
    options.nccl = NCCL_RIGHT;
    std::fill(options.memory, options.memory + MAX_DEVICES, std::size_t(4) << 30);
    const char* text = std::getenv("ALEXNET_STANDIN");
    std::stringstream all(text ? text : "");
    for (std::string word; std::getline(all, word, ';');) set(word);
  }

  void set(const std::string& word) {
    auto equals = word.find('=');
    if (equals == std::string::npos) return;
    std::string name = word.substr(0, equals), value = word.substr(equals + 1);
    long number = std::atol(value.c_str());
    if (name == "driver") options.driver = int(number);
    else if (name == "devices") options.devices = int(std::min<long>(number, MAX_DEVICES));
    else if (name == "capability") {  // of each device; the last stands for those after it
      std::stringstream list(value);
      for (int d = 0; d < MAX_DEVICES; d++) {
        if (std::string one; std::getline(list, one, ',')) number = std::atol(one.c_str());
        options.capability[d] = int(number);
      }
    }
    else if (name == "crash") crashes.insert(value);
    else if (name == "fail_alloc") failAllocation = number;
    else if (name == "fail_launch") failLaunch = number;
    else if (name == "lose_device") lose[0] = number;
    else if (name == "memory") std::fill(options.memory, options.memory + MAX_DEVICES, number);
    else std::fprintf(stderr, "stand-in: ALEXNET_STANDIN has no option %s\n", name.c_str());
  }
};

// Never destroyed: Java's threads may call while the process ends.
State& state() {
  static State& state = *new State;
  return state;
}

const char* KINDS[] = {"allocation", "pinned", "stream",     "event",      "module", "graph",
                       "graph exec", "context", "blas handle", "dnn handle", "lt handle", "nccl rank", "lt descriptor", "descriptor",
                       "program"};

int copy(const std::string& text, char* buffer, int size) {
  if (buffer && size > 0) {
    std::size_t n = std::min(text.size(), std::size_t(size) - 1);
    std::memcpy(buffer, text.data(), n);
    buffer[n] = 0;
  }
  return int(text.size());
}

}  // namespace

std::recursive_mutex& mutex() {
  static std::recursive_mutex& mutex = *new std::recursive_mutex;
  return mutex;
}

namespace {
thread_local int entries = 0;
}

Entry::Entry(const char* function) {
  entries++;
  if (state().crashes.count(function)) std::raise(SIGSEGV);
}

Entry::~Entry() { entries--; }

void letOthersCall() {
  for (int i = 0; i < entries; i++) mutex().unlock();
  std::this_thread::sleep_for(std::chrono::microseconds(100));
  for (int i = 0; i < entries; i++) mutex().lock();
}

Object::Object(const char* kind, int device) : kind(kind), device(device), live(true) {
  state().objects[this] = this;
  if (std::strcmp(kind, "context") != 0) state().live[kind]++;
}

void Object::end() {
  live = false;
  state().live[kind]--;
}

Object* find(const void* handle, const char* kind) {
  auto found = state().objects.find(handle);
  if (found == state().objects.end() || std::strcmp(found->second->kind, kind) != 0) return nullptr;
  if (!found->second->live) {
    violation(std::string("a ") + kind + " is used after its end", found->second->device,
              LAUNCH_FAILED);
    return nullptr;
  }
  return found->second;
}

void countLive(const char* kind, long by) { state().live[kind] += by; }

void violation(const std::string& message, int device, Result fault) {
  auto& all = state().violations;
  if (std::find(all.begin(), all.end(), message) == all.end()) {
    std::fprintf(stderr, "stand-in: violation: %s\n", message.c_str());
    all.push_back(message);
  }
  if (device >= 0) fail(device, fault);
}

int faultOf(int device) { return state().fault[device]; }

void fail(int device, Result fault) {
  if (!state().fault[device]) state().fault[device] = fault;
}

bool countAllocationFails() {
  state().counts.allocations++;
  return state().failAllocation > 0 && --state().failAllocation == 0;
}

bool countLaunchFails() { return state().failLaunch > 0 && --state().failLaunch == 0; }

bool countCaptureFails() { return state().failCapture > 0 && --state().failCapture == 0; }

bool countInstantiateFails() {
  return state().failInstantiate > 0 && --state().failInstantiate == 0;
}

bool countOperationLoses(int device) {
  long& left = state().lose[device];
  if (left < 0) return false;
  if (left > 0) {
    left--;
    return false;
  }
  state().lost[device] = true;
  return true;
}

AlgorithmFault algorithmFault(int direction, int number) {
  auto found = state().algorithms.find({direction, number});
  return found == state().algorithms.end() ? NO_FAULT : found->second;
}

Counts& counts() { return state().counts; }
Options& options() { return state().options; }

}  // namespace standin

using namespace standin;

extern "C" {

void standin_reset() {
  ENTRY;
  state().violations.clear();
  for (int d = 0; d < MAX_DEVICES; d++) {
    state().lose[d] = -1;
    if (!state().lost[d]) state().fault[d] = 0;
  }
  state().failAllocation = state().failLaunch = state().failCapture = state().failInstantiate = 0;
  state().algorithms.clear();
  options().workspace = 0;
  options().blasLt = 0;
  options().nccl = NCCL_RIGHT;
}

void standin_blas_lt(int fault) {
  ENTRY;
  options().blasLt = fault;
}

void standin_nccl(int fault) {
  ENTRY;
  options().nccl = fault;
}

void standin_workspace(long bytes) {
  ENTRY;
  options().workspace = std::size_t(bytes);
}

void standin_heal() {
  ENTRY;
  for (int d = 0; d < MAX_DEVICES; d++) {
    state().lose[d] = -1;
    state().lost[d] = false;
    state().fault[d] = 0;
  }
}

void standin_fail_alloc(int n) {
  ENTRY;
  state().failAllocation = n;
}

void standin_fail_launch(int n) {
  ENTRY;
  state().failLaunch = n;
}

void standin_fail_capture(int n) {
  ENTRY;
  state().failCapture = n;
}

void standin_fail_instantiate(int n) {
  ENTRY;
  state().failInstantiate = n;
}

void standin_lose_device(int device, int n) {
  ENTRY;
  if (device >= 0 && device < MAX_DEVICES) state().lose[device] = n;
}

void standin_algorithm_fault(int direction, int number, int fault) {
  ENTRY;
  state().algorithms[{direction, number}] = AlgorithmFault(fault);
}

void standin_memory(int device, std::size_t bytes) {
  ENTRY;
  if (device >= 0 && device < MAX_DEVICES) options().memory[device] = bytes;
}

void standin_devices(int devices) {
  ENTRY;
  options().devices = std::min(devices, MAX_DEVICES);
}

int standin_violations(char* buffer, int size) {
  ENTRY;
  std::string text;
  for (auto& v : state().violations) text += v + "\n";
  copy(text, buffer, size);
  return int(state().violations.size());
}

int standin_live(char* buffer, int size) {
  ENTRY;
  std::string text;
  long total = 0;
  for (const char* kind : KINDS) {
    long n = state().live[kind];
    total += n;
    if (!text.empty()) text += ", ";
    text += std::string(kind) + " " + std::to_string(n);
  }
  copy(text, buffer, size);
  return int(total);
}

void standin_counts(long* launches, long* graphLaunches, long* allocations, long* hostSyncs) {
  ENTRY;
  *launches = counts().launches;
  *graphLaunches = counts().graphLaunches;
  *allocations = counts().allocations;
  *hostSyncs = counts().hostSyncs;
}

long standin_sent() {
  ENTRY;
  return counts().sent;
}
}
