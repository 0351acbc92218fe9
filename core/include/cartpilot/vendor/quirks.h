// Quirks: what a model or server turned out to refuse, and how requests change because of it.
//
//   const std::vector<vendor::Quirk> kQuirks = {{"/temperature", {}},
//                                               {"/max_tokens", {}, "/max_completion_tokens"}};
//   quirks_.apply(model, body);                                   // last step of begin()
//   return quirks_.learn(model, error, vendor::read_error_body(text));   // adapt()
//
// A refusal is recognised by the member it names in `param` or in words, in any spelling, and in no
// vendor's own sentence. Nothing is learned twice, and nothing about a member that was not sent; a
// repair that leaves the request as it was is not sent (HttpProvider sees to that). The person is
// told once. Owned by the provider, one thread; forgotten with it.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/error.h"
#include "cartpilot/json.h"
#include "cartpilot/vendor/error_body.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

struct Quirk {
  std::string member;  ///< JSON pointer into the body; only what was sent can have been refused
  /// What refusals call it: single words count beside a complaint, phrases with blanks alone. Empty
  /// = the member's own name.
  std::vector<std::string> words;
  std::string rename = "";  ///< JSON pointer the value moves to; "" = the member is left out
  /// Not empty: the body is left alone, and the encoder asks knows(model, flag).
  std::string flag = "";
  /// Follows the model's name in the notice; "" = the member is said to be left out, "-" = silent.
  std::string notice = "";

  const std::string& name() const { return flag.empty() ? member : flag; }
};

class Quirks {
 public:
  explicit Quirks(std::vector<Quirk> quirks) : quirks_(std::move(quirks)) {}

  /// Changes `body` by what `model` refused before, and remembers which members are sent.
  void apply(const std::string& model, Json& body) {
    for (const Quirk& quirk : quirks_) {
      const Json::json_pointer at(quirk.member);
      if (!quirk.flag.empty() || !knows(model, quirk.name()) || !body.contains(at)) continue;
      if (!quirk.rename.empty()) body[Json::json_pointer(quirk.rename)] = body[at];
      const Json::json_pointer parent = at.parent_pointer();
      body[parent].erase(at.back());
      if (!parent.empty() && body[parent].empty()) {
        body[parent.parent_pointer()].erase(parent.back());
      }
    }
    sent_.clear();
    for (const Quirk& quirk : quirks_) {
      if (body.contains(Json::json_pointer(quirk.member))) sent_.insert(quirk.name());
    }
  }

  /// True when learn() or note() met the flag for `model`.
  bool knows(const std::string& model, const std::string& name) const {
    const auto found = learned_.find(model);
    return found != learned_.end() && found->second.count(name) != 0;
  }

  /// Marks a flag that the translator recognised itself. False when it was known.
  bool note(const std::string& model, const std::string& flag) {
    return learned_[model].insert(flag).second;
  }

  /// What adapt() returns: the notice when the refusal names something that was sent, else nullopt.
  std::optional<std::string> learn(const std::string& model, const Error& error,
                                   const ErrorBody& refusal) {
    const int status = error.http_status;
    const bool fits = status == 400 || status == 404 || status == 422 || status >= 500;
    if (!fits || error.code == ErrorCode::kUnauthenticated ||
        error.code == ErrorCode::kRateLimited) {
      return std::nullopt;
    }
    for (const Quirk& quirk : quirks_) {
      if (sent_.count(quirk.name()) == 0 || !is_meant(quirk, refusal)) continue;
      if (!note(model, quirk.name())) continue;
      if (quirk.notice == "-") return "";
      if (!quirk.notice.empty()) return model + " " + quirk.notice;
      return model + " does not accept " + dotted(quirk.member) + "; left out";
    }
    return std::nullopt;
  }

 private:
  /// "/reasoning/effort" -> "reasoning.effort".
  static std::string dotted(std::string pointer) {
    pointer.erase(0, 1);
    for (char& c : pointer) c = c == '/' ? '.' : c;
    return pointer;
  }

  static bool complains(const ErrorBody& refusal) {
    return contains_any(
        lower(refusal.code + " " + refusal.message),
        {"unsupported", "not support", "unknown", "unrecognized", "not permitted", "not allowed",
         "not accept", "unexpected", "extra inputs", "must be", "must not", "only allowed",
         "invalid", "cannot", "deprecated", "missing", "no longer"});
  }

  static bool is_meant(const Quirk& quirk, const ErrorBody& refusal) {
    const std::string name = dotted(quirk.member);
    if (!refusal.param.empty() && quirk.flag.empty()) {
      // The rest of `param` is a place inside the member: "tools[0].parameters".
      const std::string_view rest =
          std::string_view(refusal.param).substr(std::min(name.size(), refusal.param.size()));
      return starts_with(refusal.param, name) && (rest.empty() || !is_word_char(rest[0])) &&
             complains(refusal);
    }
    const std::string text =
        plain_spelling(refusal.param + " " + refusal.code + " " + refusal.message);
    const std::string own = name.substr(name.rfind('.') + 1);
    for (const std::string& word : quirk.words.empty() ? std::vector{own} : quirk.words) {
      const bool phrase = contains(word, " ");
      if (phrase ? contains(text, plain_spelling(word))
                 : contains_word(text, plain_spelling(word)) && complains(refusal)) {
        return true;
      }
    }
    return false;
  }

  std::vector<Quirk> quirks_;
  std::set<std::string> sent_;  ///< names of those whose member the last apply() left in
  std::map<std::string, std::set<std::string>> learned_;  ///< by model
};

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
