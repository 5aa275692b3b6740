// NVRTC: g++ compiles the program to a shared library, which travels as text in place of PTX.
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "core.hpp"
#include "module_text.hpp"

namespace standin {
namespace {

enum { COMPILATION = 6, INVALID_PROGRAM = 4, INVALID_INPUT = 3, INVALID_OPTION = 5, INTERNAL = 11 };

// The GPUs that a release knows, as CUDA 12.6 and 13.0 do; the newest ones are left out.
const std::vector<int> ARCHITECTURES =
    standin_cuda == 13 ? std::vector<int>{75, 80, 86, 87, 88, 89, 90}
                       : std::vector<int>{50, 52, 53, 60, 61, 62, 70, 72, 75, 80, 86, 87, 89, 90};

// The assembler includes the header as it is.
extern "C" const char standin_device_header[], standin_device_header_end[];
asm(R"(
.section .rodata
.globl standin_device_header
.hidden standin_device_header
standin_device_header:
.incbin "device.hpp"
.globl standin_device_header_end
.hidden standin_device_header_end
standin_device_header_end:
.byte 0
.text
)");

struct Program : Object {
  std::string source, name, log, text;
  bool real = false;  // compiled for a real architecture, not only a virtual one
  Program() : Object("program", -1) {}
};

std::string read(const std::string& path) {
  std::ifstream in(path);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

// The folder of this library, where its libcuda.so.1 lies too.
std::string ownFolder() {
  Dl_info info;
  dladdr(reinterpret_cast<void*>(&ownFolder), &info);
  std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/'));
}

bool run(const std::string& command, const std::string& folder, std::string& log) {
  int status = std::system(("cd " + folder + " && " + command + " 2>>log").c_str());
  log = read(folder + "/log");
  return status == 0;
}

// The names of the kernels in a preprocessed program: what stands after the attribute that
// __global__ has become, between "void" and a bracket.
std::vector<std::string> kernels(const std::string& text) {
  std::string plain;
  std::stringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.empty() || line[0] != '#') plain += line + "\n";
  const std::string mark = "((standin_kernel))";
  std::vector<std::string> names;
  for (auto at = plain.find(mark); at != std::string::npos; at = plain.find(mark, at)) {
    at += mark.size();
    auto type = plain.find("void", at), bracket = plain.find('(', type);
    if (type == std::string::npos || bracket == std::string::npos) break;
    std::stringstream(plain.substr(type + 4, bracket - type - 4)) >> names.emplace_back();
  }
  return names;
}

std::string table(const std::vector<std::string>& names) {
  std::string text =
      "\nextern \"C\" __attribute__((visibility(\"default\"))) const StandInKernel "
      "standin_kernels[] = {\n";
  for (auto& n : names) {
    std::string launch = "StandInLaunch<&" + n + ">::";
    text += "{\"" + n + "\", &" + launch + "run, " + launch + "sizes, " + launch + "count},\n";
  }
  return text + "{nullptr, nullptr, nullptr, 0}};\n";
}

int compile(Program& p, const std::string& defines, const std::string& folder) {
  std::ofstream(folder + "/device.hpp").write(
      standin_device_header, standin_device_header_end - standin_device_header);
  std::ofstream(folder + "/" + p.name) << p.source;
  if (!run("g++ -std=c++17 -w -E -x c++ -include device.hpp" + defines + " " + quoted(p.name) +
               " -o program.ii",
           folder, p.log))
    return COMPILATION;
  std::string preprocessed = read(folder + "/program.ii");
  std::ofstream(folder + "/program.ii", std::ios::app) << table(kernels(preprocessed));
  // Contraction is nvcc's default too, but which sums it contracts is the compiler's choice.
  if (!run("g++ -std=c++17 -w -O1 -fPIC -ffp-contract=off -fvisibility=hidden -fno-gnu-unique "
           "-fno-exceptions -fno-stack-protector -fsanitize=thread "
           "--param tsan-distinguish-volatile=1 -c program.ii -o program.o",
           folder, p.log))
    return COMPILATION;
  std::string library = quoted(ownFolder() + "/libcuda.so.1");
  if (!run("g++ -shared program.o -Wl,--no-as-needed " + library + " -o program.so", folder, p.log)) return INTERNAL;
  p.text = toModuleText(read(folder + "/program.so"));
  return SUCCESS;
}

}  // namespace
}  // namespace standin

using namespace standin;

extern "C" {

int nvrtcVersion(int* major, int* minor) {
  ENTRY;
  *major = standin_cuda;
  *minor = standin_cuda == 13 ? 0 : 6;
  return SUCCESS;
}

int nvrtcGetNumSupportedArchs(int* count) {
  ENTRY;
  *count = int(ARCHITECTURES.size());
  return SUCCESS;
}

int nvrtcGetSupportedArchs(int* all) {
  ENTRY;
  std::copy(ARCHITECTURES.begin(), ARCHITECTURES.end(), all);
  return SUCCESS;
}

const char* nvrtcGetErrorString(int error) {
  switch (error) {
    case SUCCESS: return "NVRTC_SUCCESS";
    case INVALID_INPUT: return "NVRTC_ERROR_INVALID_INPUT";
    case INVALID_PROGRAM: return "NVRTC_ERROR_INVALID_PROGRAM";
    case INVALID_OPTION: return "NVRTC_ERROR_INVALID_OPTION";
    case COMPILATION: return "NVRTC_ERROR_COMPILATION";
    case INTERNAL: return "NVRTC_ERROR_INTERNAL_ERROR";
    default: return "NVRTC_ERROR unknown";
  }
}

int nvrtcCreateProgram(Program** program, const char* source, const char* name, int headers,
                       const char* const*, const char* const*) {
  ENTRY;
  if (!program || !source || headers != 0) return INVALID_INPUT;
  Program* p = new Program;
  p->source = source;
  p->name = name && *name ? name : "default_program";
  for (char& c : p->name)
    if (c == '/') c = '_';
  *program = p;
  return SUCCESS;
}

int nvrtcCompileProgram(Program* program, int count, const char* const* options) {
  ENTRY;
  if (!find(program, "program")) return INVALID_PROGRAM;
  std::string defines;
  for (int i = 0; i < count; i++) {
    std::string option = options[i];
    const std::string architecture = "--gpu-architecture=";
    if (option.compare(0, 2, "-D") == 0) defines += " " + quoted(option);
    else if (option.compare(0, architecture.size(), architecture) == 0) {
      std::string name = option.substr(architecture.size());
      program->real = name.compare(0, 3, "sm_") == 0;
      int number = std::atoi(name.c_str() + name.find('_') + 1);
      if (std::count(ARCHITECTURES.begin(), ARCHITECTURES.end(), number) == 0) {
        program->log = "invalid value for --gpu-architecture: " + name;
        return INVALID_OPTION;
      }
    }
    else if (option.empty() || option[0] != '-') {
      program->log = "unrecognized option " + option;
      return INVALID_OPTION;
    }
  }
  const char* parent = std::getenv("TMPDIR");
  std::string folder = std::string(parent ? parent : "/tmp") + "/stand-in-XXXXXX";
  if (!mkdtemp(folder.data())) return INTERNAL;
  int result = compile(*program, defines, folder);
  for (std::string file : {std::string("device.hpp"), program->name, std::string("program.ii"),
                           std::string("program.o"), std::string("program.so"), std::string("log")})
    unlink((folder + "/" + file).c_str());
  rmdir(folder.c_str());
  return result;
}

int nvrtcGetProgramLogSize(Program* program, std::size_t* size) {
  ENTRY;
  if (!find(program, "program")) return INVALID_PROGRAM;
  *size = program->log.size() + 1;
  return SUCCESS;
}

int nvrtcGetProgramLog(Program* program, char* log) {
  ENTRY;
  if (!find(program, "program")) return INVALID_PROGRAM;
  std::memcpy(log, program->log.c_str(), program->log.size() + 1);
  return SUCCESS;
}

int nvrtcGetPTXSize(Program* program, std::size_t* size) {
  ENTRY;
  if (!find(program, "program") || program->text.empty()) return INVALID_PROGRAM;
  *size = program->text.size() + 1;
  return SUCCESS;
}

int nvrtcGetPTX(Program* program, char* text) {
  ENTRY;
  if (!find(program, "program") || program->text.empty()) return INVALID_PROGRAM;
  std::memcpy(text, program->text.c_str(), program->text.size() + 1);
  return SUCCESS;
}

// For a real architecture there is machine code as well.
int nvrtcGetCUBINSize(Program* program, std::size_t* size) {
  ENTRY;
  if (!find(program, "program") || program->text.empty() || !program->real) return INVALID_PROGRAM;
  *size = program->text.size() + 1;
  return SUCCESS;
}

int nvrtcGetCUBIN(Program* program, char* code) {
  ENTRY;
  if (!find(program, "program") || program->text.empty() || !program->real) return INVALID_PROGRAM;
  std::memcpy(code, program->text.c_str(), program->text.size() + 1);
  return SUCCESS;
}

int nvrtcDestroyProgram(Program** program) {
  ENTRY;
  if (!program || !find(*program, "program")) return INVALID_PROGRAM;
  (*program)->end();
  *program = nullptr;
  return SUCCESS;
}
}
