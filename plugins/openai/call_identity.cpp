#include "openai/call_identity.h"

#include <cstdint>
#include <random>

namespace cartpilot::openai {
namespace {

constexpr std::string_view kLetters =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kRandomLetters = 24;

bool plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-';
}

/// SplitMix64: one more well-mixed number out of a running state.
std::uint64_t next_number(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

std::string id_from(std::uint64_t state) {
  std::string id = "call_";
  for (std::size_t i = 0; i < kRandomLetters; ++i) {
    id += kLetters[next_number(state) % kLetters.size()];
  }
  return id;
}

}  // namespace

std::string new_call_id() {
  thread_local std::uint64_t state = [] {
    std::random_device source;
    return (static_cast<std::uint64_t>(source()) << 32) | source();
  }();
  return id_from(next_number(state));
}

std::string wire_call_id(const std::string& id, std::size_t occurrence, std::size_t longest) {
  bool fits = occurrence == 0 && !id.empty() && id.size() <= longest;
  for (const char c : id) fits = fits && plain(c);
  if (fits) return id;
  std::uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return id_from(hash + occurrence);
}

std::string wire_function_name(const std::string& name) {
  std::string result = name.substr(0, kMaxFunctionName);
  for (char& c : result) {
    if (!plain(c)) c = '_';
  }
  return result.empty() ? "unnamed_function" : result;
}

const ToolSpec* find_tool(const std::vector<ToolSpec>& tools, std::string_view name) {
  const auto exact = [&tools](std::string_view wanted) -> const ToolSpec* {
    for (const ToolSpec& tool : tools) {
      if (tool.name == wanted) return &tool;
    }
    return nullptr;
  };
  if (const ToolSpec* found = exact(name)) return found;
  constexpr std::string_view kPrefix = "functions.";
  if (name.substr(0, kPrefix.size()) == kPrefix) name.remove_prefix(kPrefix.size());
  return exact(name.substr(0, name.find("<|")));
}

}  // namespace cartpilot::openai
