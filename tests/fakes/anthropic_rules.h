// Inside of FakeAnthropic: the rules of the Messages API and the answers in its format.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "fakes/anthropic.h"

namespace cartpilot::fakes::anthropic {

/// Thrown by the rules.
struct Refusal {
  std::string rule;  ///< "" = no mistake of the client's
  std::string message;
  int status = 400;
  std::string type = "invalid_request_error";

  Json body() const;
};

[[noreturn]] void refuse(const std::string& rule, const std::string& message);

/// What the service knows about a model.
struct ModelRules {
  std::set<std::string> thinking;  ///< values of thinking.type
  bool thinks = false;             ///< also when nothing is said
  bool sampling = false;
  bool no_forced_call = false;
  std::int64_t max_tokens = 128'000;
};
ModelRules model_rules(const std::string& model);

/// GET /v1/models/{id}
Json model_description(const std::string& model);

/// Parses a body as the service does: UTF-8, an object, no member twice (Q4).
Json parse_body(const std::string& text);

/// Members and settings (Q3, Q5 to Q7, Q24 to Q28). `version` is the header's.
void check_settings(const Json& body, const std::string& version,
                    const FakeAnthropicOptions& options);

/// Declarations (Q17, Q18, Q28).
void check_tools(const Json& body);

/// Order, blocks, calls and results (Q8 to Q16).
void check_messages(const Json& body, const FakeAnthropicOptions& options);

/// Cache marks (Q27).
void check_marks(const Json& body);

/// A copy without cache marks, at any depth.
Json without_marks(Json value);

/// The answers a server gave, and the conversations it knows.
class Memory {
 public:
  void issue(const Json& content, const std::string& model);

  /// Thinking that was issued comes back as it was (Q22, Q23). Throws for what the service refuses
  /// and adds to `broken` what it would not see.
  void check_thinking(const Json& body, const FakeAnthropicOptions& options,
                      std::vector<std::string>& broken);

  /// System text, functions and earlier messages stay what they were (Q19 to Q21).
  void check_beginning(const Json& body, const FakeAnthropicOptions& options,
                       std::vector<std::string>& broken);

  /// The newest message of the conversation may change: its answer was no good.
  void forget_newest(const Json& body);

  /// The thinking of this server's answers was refused: it need not come back.
  void release_thinking() { released_ = true; }

 private:
  struct Issued {
    Json content;
    std::string model;
  };
  std::vector<Issued> issued_;
  std::map<std::string, Json> conversations_;  ///< by the first message
  bool released_ = false;
};

/// A model's answer, ready for the wire.
struct Answer {
  Json whole;
  std::vector<Json> events;
};

ModelView view_of(const Json& body);

Answer make_answer(const Json& body, const ModelStep& step, const std::string& model,
                   const FakeAnthropicOptions& options, std::size_t number);

/// The events as a stream.
std::string stream_text(const std::vector<Json>& events, const AnthropicQuirks& quirks);

}  // namespace cartpilot::fakes::anthropic
