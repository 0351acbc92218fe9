// Inside of FakeOpenAi: the rules of both APIs and the answers in their formats.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "fakes/openai.h"

namespace cartpilot::fakes::openai {

/// Thrown by the rules. `learnable` is what a client may find out by trying, no mistake of its own.
struct Refusal {
  int status = 400;
  std::string rule;
  std::string message;
  std::string type = "invalid_request_error";
  std::string code;
  std::string param;
  bool learnable = false;
};

[[noreturn]] void refuse(const std::string& rule, const std::string& message,
                         const std::string& param = "", const std::string& code = "");
[[noreturn]] void refuse_learnable(const std::string& rule, const std::string& message,
                                   const std::string& param = "", const std::string& code = "");

/// What the real service knows about a model.
struct ModelRules {
  bool reasoning = false;
  bool chat_tools_never = false;
  bool chat_tools_need_none = false;
  bool no_parallel_field = false;
};
ModelRules model_rules(const std::string& model);

/// A model's answer, ready for the wire.
struct Answer {
  Json whole;                ///< the body of a whole answer
  std::vector<Json> events;  ///< the data of each event
  bool named = false;        ///< events carry their type as `event:` line
  bool done = false;         ///< [DONE] follows
};

/// Names of the tools declared strict; optional members of theirs come as null.
struct DeclaredTools {
  std::set<std::string> names;
  std::vector<Json> schemas;
  std::vector<bool> strict;
};

// fake_openai_body.cpp
/// Parses a body as the service does: UTF-8, an object, no member twice (Q4, Q7).
Json parse_body(const std::string& text);
Json error_body(const Refusal& refusal, OpenAiErrorForm form);

/// Q10: remembers what was refused for good or until later, and notices who comes back too early.
class AttemptRules {
 public:
  /// "" or what is wrong with sending this now.
  std::string check(const std::string& body);
  void remember(const std::string& body, const FakeOpenAi::RawAnswer& answer);

 private:
  using Clock = std::chrono::steady_clock;
  std::map<std::string, Clock::time_point> not_before_;  ///< by body; max() = never
};

// fake_openai_schema.cpp
void check_function(const Json& function, const std::string& param, DeclaredTools& declared);
void check_tool_choice(const Json& body, const DeclaredTools& declared, bool nested);
void check_members(const Json& object, const std::set<std::string>& known, const std::string& rule);
/// Arguments as a model under a strict schema writes them: every member, null when not given.
Json with_nulls(const std::string& name, Json arguments, const DeclaredTools& declared);
/// Pieces of about `size` bytes, cut between UTF-8 characters.
std::vector<std::string> pieces_of(const std::string& text, std::size_t size);

// fake_openai_strict.cpp
/// Q16: the subset of JSON Schema that strict functions may use, at every depth.
void check_strict(const Json& schema, const std::string& param);

// fake_openai_chat.cpp
DeclaredTools check_chat(const Json& body, const OpenAiQuirks& quirks);

// fake_openai_chat_answer.cpp
ModelView chat_view(const Json& body);
Answer chat_answer(const Json& body, ModelStep step, const DeclaredTools& declared,
                   const OpenAiQuirks& quirks, std::size_t number);

// fake_openai_responses.cpp
/// One answer the server gave, to be found again in later requests.
struct Issued {
  std::string id;
  Json output;
  bool instructions = false;  ///< the request had some
  bool stored = false;
};
using IssuedOutputs = std::vector<Issued>;
DeclaredTools check_responses(const Json& body, const IssuedOutputs& issued, bool may_store,
                              const OpenAiQuirks& quirks);

// fake_openai_memory.cpp
/// Q37, Q38, Q42: an answer that is quoted at all is quoted whole, in order and unchanged, under
/// the instructions it was given.
void check_quotes(const Json& body, const IssuedOutputs& issued);
/// Q41: ids of the calls in the stored answer that the request builds upon; none when it builds
/// upon none.
std::set<std::string> check_previous(const Json& body, const IssuedOutputs& issued);

// fake_openai_responses_answer.cpp
ModelView responses_view(const Json& body, const IssuedOutputs& issued);
Answer responses_answer(const Json& body, const ModelStep& step, const DeclaredTools& declared,
                        const OpenAiQuirks& quirks, std::size_t number, IssuedOutputs& issued);

}  // namespace cartpilot::fakes::openai
