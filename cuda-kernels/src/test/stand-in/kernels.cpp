// Modules, launches, and the hooks that g++ -fsanitize=thread puts before each access of a kernel.
#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "core.hpp"
#include "fibers.hpp"
#include "module_text.hpp"

namespace standin {
namespace {

// What nvrtc.cpp generates at the end of a program.
struct Kernel {
  const char* name;
  void (*run)(void** arguments);
  const std::size_t* sizes;
  int count;
};

// Who touched a byte of shared memory last, and at which phase.
struct SharedByte {
  unsigned long written, read;
  unsigned writer, reader;
};
constexpr unsigned SEVERAL = ~0u;

struct Module;
struct Function : Object {
  Module* module;
  const Kernel* kernel;
  Function(int device, Module* module, const Kernel* kernel)
      : Object("function", device), module(module), kernel(kernel) {}
};
struct Module : Object {
  void* library;
  const Kernel* kernels;
  Here* here;
  Address first = ~Address(0), last = 0;  // of all that is mapped of it
  Address shared = 0, sharedEnd = 0;     // its zero-filled part: __shared__ variables
  std::vector<SharedByte> bytes;
  std::map<std::string, Function*> functions;
  explicit Module(int device) : Object("module", device) {}
};

int addRange(dl_phdr_info* info, std::size_t, void* data) {
  Module& m = *static_cast<Module*>(data);
  if (info->dlpi_addr != static_cast<link_map*>(m.library)->l_addr) return 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr)& p = info->dlpi_phdr[i];
    if (p.p_type != PT_LOAD) continue;
    Address begin = info->dlpi_addr + p.p_vaddr;
    m.first = std::min(m.first, begin);
    m.last = std::max(m.last, begin + p.p_memsz);
    if (p.p_flags & PF_W) {
      m.shared = begin + p.p_filesz;
      m.sharedEnd = begin + p.p_memsz;
    }
  }
  return 1;
}

int load(Module** result, const char* image) {
  if (int error = ready()) return error;
  if (int error = refuseInCapture()) return error;
  std::string library;
  if (!image || !isModuleText(image)) return INVALID_IMAGE;
  if (!fromModuleText(image, library)) return INVALID_PTX;
  const char* folder = std::getenv("TMPDIR");
  std::string path = std::string(folder ? folder : "/tmp") + "/stand-in-XXXXXX";
  int file = mkstemp(path.data());
  if (file < 0) return UNKNOWN;
  bool whole = write(file, library.data(), library.size()) == ssize_t(library.size());
  close(file);
  void* opened = whole ? dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) : nullptr;
  unlink(path.c_str());
  if (!opened) {
    std::fprintf(stderr, "stand-in: %s\n", dlerror());
    return INVALID_IMAGE;
  }
  Module* m = new Module(currentDevice());
  m->library = opened;
  m->kernels = static_cast<const Kernel*>(dlsym(opened, "standin_kernels"));
  m->here = static_cast<Here*>(dlsym(opened, "standin_here"));
  dl_iterate_phdr(addRange, m);
  m->bytes.resize(m->sharedEnd - m->shared);
  *result = m;
  return SUCCESS;
}

const Module* active = nullptr;  // of the kernel that runs
void forgetRecent();

struct Arguments {
  std::vector<std::vector<char>> values;
  std::vector<void*> pointers;
};

void run(Function* f, Index grid, Index block, const std::shared_ptr<Arguments>& arguments) {
  Module* m = f->module;
  if (!m->live) {
    violation("kernel " + running()->name + " runs after its module was unloaded",
              running()->device, LAUNCH_FAILED);
    return;
  }
  active = m;
  forgetRecent();
  *m->here = {{}, {}, block, grid};
  std::function<void()> thread = [&] { f->kernel->run(arguments->pointers.data()); };
  BlockEnd end = BlockEnd::DONE;
  for (unsigned z = 0; z < grid.z; z++)
    for (unsigned y = 0; y < grid.y; y++)
      for (unsigned x = 0; x < grid.x && end == BlockEnd::DONE; x++) {
        m->here->block = {x, y, z};
        end = runBlock(thread, *m->here);
      }
  active = nullptr;
  if (end == BlockEnd::DIVERGED)
    violation(running()->name + ": some threads of a block wait at __syncthreads, others ended",
              running()->device, LAUNCH_FAILED);
}

// ---- the hooks ----

void bad(const std::string& what, Result fault) {
  violation(running()->name + what, running()->device, fault);
  abandonBlock();
}

void shared(Module& m, Address a, std::size_t size, bool writes) {
  unsigned me = fiberThread();
  unsigned long phase = fiberPhase();
  for (std::size_t i = a - m.shared; i < a - m.shared + size; i++) {
    SharedByte& b = m.bytes[i];
    if (!writes && b.written < fiberBlockPhase())
      bad(" reads shared memory that its block has not written", LAUNCH_FAILED);
    if (b.written == phase && b.writer != me)
      bad(std::string(writes ? " writes" : " reads") +
              " shared memory that another thread wrote, with no __syncthreads between",
          LAUNCH_FAILED);
    if (writes && b.read == phase && b.reader != me)
      bad(" writes shared memory that another thread read, with no __syncthreads between",
          LAUNCH_FAILED);
    if (writes) {
      b.written = phase;
      b.writer = me;
    } else {
      b.reader = b.read == phase && b.reader != me ? SEVERAL : me;
      b.read = phase;
    }
  }
}

// The 64 bytes that the running kernel has touched lately: neighbours mostly touch the same, and
// need no second check.
struct Recent {
  std::size_t granule;
  std::size_t end;  // where the allocation ends
  bool write;
};
constexpr std::size_t RECENT = 64;
Recent recent[RECENT];

void forgetRecent() { std::memset(recent, 0, sizeof recent); }

inline void hook(void* pointer, std::size_t size, bool writes) {
  Address a = reinterpret_cast<Address>(pointer);
  if (inRanges(a)) {
    std::size_t granule = a / 64;
    Recent& r = recent[(granule ^ granule >> 6 ^ granule >> 12) % RECENT];
    bool within = (a + size - 1) / 64 == granule;
    if (within && r.granule == granule && a + size <= r.end && (r.write || !writes)) return;
    if (!touch(pointer, size, writes)) abandonBlock();
    const Allocation* found = allocationAt(a);
    if (within) r = {granule, found->begin + found->size, writes};
    return;
  }
  if (!active || onFiberStack(a)) return;
  Module& m = *const_cast<Module*>(active);
  if (a >= m.shared && a + size <= m.sharedEnd) return shared(m, a, size, writes);
  if (a >= m.first && a + size <= m.last) return;
  bad((writes ? " writes " : " reads ") + describe(a), ILLEGAL_ADDRESS);
}

// A volatile access says that others may have theirs at the same time: only the address counts.
void volatileHook(void* pointer, std::size_t size, bool writes) {
  Address a = reinterpret_cast<Address>(pointer);
  if (!inRanges(a)) return hook(pointer, size, writes);
  const Allocation* found = allocationAt(a);
  if (!found || a + size > found->begin + found->size) {
    if (!touch(pointer, size, writes)) abandonBlock();
  }
}

}  // namespace
}  // namespace standin

using namespace standin;

extern "C" {

#define HOOKS(size)                                                                  \
  void __tsan_read##size(void* p) { hook(p, size, false); }                          \
  void __tsan_write##size(void* p) { hook(p, size, true); }                          \
  void __tsan_unaligned_read##size(void* p) { hook(p, size, false); }                \
  void __tsan_unaligned_write##size(void* p) { hook(p, size, true); }                \
  void __tsan_volatile_read##size(void* p) { volatileHook(p, size, false); }         \
  void __tsan_volatile_write##size(void* p) { volatileHook(p, size, true); }
HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)
void __tsan_read_range(void* p, std::size_t size) { hook(p, size, false); }
void __tsan_write_range(void* p, std::size_t size) { hook(p, size, true); }
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}

int cuModuleLoadData(Module** module, const void* image) {
  ENTRY;
  return load(module, static_cast<const char*>(image));
}

int cuModuleLoadDataEx(Module** module, const void* image, unsigned, int*, void**) {
  ENTRY;
  return load(module, static_cast<const char*>(image));
}

int cuModuleUnload(Module* module) {
  ENTRY;
  if (int error = refuseInCapture()) return error;
  if (!find(module, "module")) return INVALID_HANDLE;
  for (auto& [name, function] : module->functions) function->end();
  module->end();
  dlclose(module->library);
  return faultOf(module->device);
}

int cuModuleGetFunction(Function** function, Module* module, const char* name) {
  ENTRY;
  if (int error = ready()) return error;
  if (!find(module, "module")) return INVALID_HANDLE;
  if (module->device != currentDevice()) return INVALID_CONTEXT;
  for (const Kernel* k = module->kernels; k->name; k++)
    if (std::strcmp(k->name, name) == 0) {
      Function*& known = module->functions[name];
      if (!known) known = new Function(module->device, module, k);
      *function = known;
      return SUCCESS;
    }
  return NOT_FOUND;
}

int cuLaunchKernel(Function* function, unsigned gridX, unsigned gridY, unsigned gridZ,
                   unsigned blockX, unsigned blockY, unsigned blockZ, unsigned sharedBytes,
                   void* handle, void** parameters, void** extra) {
  ENTRY;
  int error;
  Stream* s = streamOf(handle, error);
  if (!s) return error;
  if (!find(function, "function") || function->device != s->device) return INVALID_HANDLE;
  if (extra || sharedBytes) return NOT_SUPPORTED;
  if (!gridX || !gridY || !gridZ || gridX > 0x7fffffff || gridY > 65535 || gridZ > 65535)
    return INVALID_VALUE;
  if (!blockX || !blockY || !blockZ || blockX > 1024 || blockY > 1024 || blockZ > 64 ||
      blockX * blockY * blockZ > 1024)
    return INVALID_VALUE;
  const Kernel& k = *function->kernel;
  if (k.count && !parameters) return INVALID_VALUE;
  // CUDA copies arguments at the call.
  auto arguments = std::make_shared<Arguments>();
  for (int i = 0; i < k.count; i++) {
    const char* value = static_cast<const char*>(parameters[i]);
    arguments->values.emplace_back(value, value + k.sizes[i]);
  }
  for (auto& value : arguments->values) arguments->pointers.push_back(value.data());
  Index grid{gridX, gridY, gridZ}, block{blockX, blockY, blockZ};
  auto work = [=] { run(function, grid, block, arguments); };
  return enqueue(s, {std::string("kernel ") + k.name, s->device, true, false, work});
}

int cuFuncGetAttribute(int* value, int attribute, Function* function) {
  ENTRY;
  if (!find(function, "function")) return INVALID_HANDLE;
  *value = attribute == 0 ? 1024 : 0;  // threads of a block
  return SUCCESS;
}
}
