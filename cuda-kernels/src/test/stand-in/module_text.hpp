// A compiled program as text, so that it can be kept where PTX would be: a line that says how long
// the rest is and what it sums to, then base64.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

namespace standin {

constexpr const char* MODULE_MARK = "// stand-in module ";
constexpr const char* BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

inline std::uint64_t sumOf(const std::string& text) {
  std::uint64_t sum = 14695981039346656037u;
  for (unsigned char c : text) sum = (sum ^ c) * 1099511628211u;
  return sum;
}

inline std::string toModuleText(const std::string& library) {
  std::string text;
  for (std::size_t i = 0; i < library.size(); i += 3) {
    unsigned three = 0;
    for (std::size_t j = i; j < i + 3; j++)
      three = three << 8 | (j < library.size() ? (unsigned char)library[j] : 0);
    for (int shift = 18; shift >= 0; shift -= 6) text += BASE64[three >> shift & 63];
    if (i % 57 == 54) text += '\n';
  }
  char head[100];
  std::snprintf(head, sizeof head, "%s%zu %zu %016llx\n", MODULE_MARK, library.size(), text.size(),
                (unsigned long long)sumOf(text));
  return head + text;
}

inline bool isModuleText(const char* text) {
  return std::strncmp(text, MODULE_MARK, std::strlen(MODULE_MARK)) == 0;
}

// False where the text was cut or changed.
inline bool fromModuleText(const char* text, std::string& library) {
  std::size_t size = 0, length = 0;
  unsigned long long sum = 0;
  if (std::sscanf(text + std::strlen(MODULE_MARK), "%zu %zu %llx", &size, &length, &sum) != 3)
    return false;
  const char* line = std::strchr(text, '\n');
  if (!line) return false;
  std::string body = line + 1;
  if (body.size() != length || sumOf(body) != sum) return false;
  int value[256] = {};
  for (int i = 0; i < 64; i++) value[(unsigned char)BASE64[i]] = i;
  unsigned four = 0;
  int held = 0;
  for (unsigned char c : body) {
    if (c == '\n') continue;
    four = four << 6 | value[c];
    if (++held == 4) {
      for (int shift = 16; shift >= 0; shift -= 8) library += char(four >> shift);
      held = 0;
    }
  }
  library.resize(size);
  return true;
}

}  // namespace standin
