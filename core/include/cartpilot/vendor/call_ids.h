// Ids of calls: made up where a service gives none, replaced where it would refuse one.
//
// A conversation may hold calls made by other vendors' models, whose ids are longer or carry other
// characters than this one accepts. Such ids are replaced, always the same way, so that the
// beginning of a conversation stays byte-identical from request to request (prompt caches). The
// address and model family that issued an id get it back as it is, whatever it looks like; see
// same_family(). Functions for any thread; WireCallIds belongs to one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

/// 64-bit FNV-1a: short, stable names for long things.
inline std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}

/// "call_" and 24 letters and digits, drawn from `state`, which is advanced (SplitMix64).
inline std::string call_id_from(std::uint64_t& state) {
  constexpr std::string_view kLetters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string id = "call_";
  while (id.size() < 29) {
    std::uint64_t z = (state += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    id += kLetters[(z ^ (z >> 31U)) % kLetters.size()];
  }
  return id;
}

/// A random id, for a call that came without one.
inline std::string new_call_id() {
  thread_local std::uint64_t state = [] {
    std::random_device source;
    return (static_cast<std::uint64_t>(source()) << 32U) | source();
  }();
  return call_id_from(state);
}

/// An id for a call that came without one: none of `used`, and the same whenever these are used, so
/// that a recorded conversation has the same ids again.
inline std::string new_call_id(const std::set<std::string>& used) {
  std::uint64_t state = used.size();
  for (const std::string& id : used) state = state * 31 + stable_hash(id);
  // Not one string that is assigned anew: g++ 12 sees an overlong copy in that (its bug 105329).
  for (;;) {
    std::string id = call_id_from(state);
    if (used.count(id) == 0) return id;
  }
}

/// The beginning of a model's name that its relatives share: "qwen" of "Qwen/qwen3-32b".
inline std::string model_family(std::string_view model) {
  model.remove_prefix(model.find_last_of('/') + 1);
  std::size_t end = 0;
  while (end < model.size() && is_word_char(model[end]) && !is_digit(model[end])) ++end;
  return lower(model.substr(0, end));
}

/// True when what `issuer`, the model that wrote a message, issued may go back to `model`. A
/// message that names no model is taken as this one's.
inline bool same_family(std::string_view issuer, std::string_view model) {
  return issuer.empty() || model_family(issuer) == model_family(model);
}

/// `id` itself when it has 1 to `most` letters, digits, '_' and '-' and `occurrence` is 0 (the
/// first call with this id in the conversation), else a replacement that depends on nothing but
/// `id` and `occurrence`.
inline std::string wire_call_id(const std::string& id, std::size_t occurrence, std::size_t most) {
  bool fits = occurrence == 0 && !id.empty() && id.size() <= most;
  for (const char c : id) fits = fits && (is_word_char(c) || c == '-');
  if (fits) return id;
  std::uint64_t state = stable_hash(id) + occurrence;
  return call_id_from(state);
}

/// Ids for the wire, each once in a conversation. One request, one thread.
class WireCallIds {
 public:
  /// `plain` = every id must fit wire_call_id(); else what a service issued goes back as it came.
  WireCallIds(std::size_t most, bool plain) : most_(most), plain_(plain) {}

  /// `issued` when the service may see it, else a replacement; `own`, the program's id of the call,
  /// stands in for an empty one.
  std::string choose(const std::string& issued, const std::string& own) {
    if (!plain_ && !issued.empty() && used_.insert(issued).second) return issued;
    const std::string& id = issued.empty() ? own : issued;
    std::string chosen;
    do {
      chosen = wire_call_id(id, occurrences_[id]++, most_);
    } while (!used_.insert(chosen).second);
    return chosen;
  }

 private:
  std::size_t most_;
  bool plain_;
  std::set<std::string> used_;
  std::map<std::string, std::size_t> occurrences_;
};

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
