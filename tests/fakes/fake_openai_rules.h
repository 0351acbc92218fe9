// Inside of FakeOpenAi: the rules of both APIs and the answers in their formats.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "fakes/fake_openai.h"

namespace cartpilot::fakes::openai {

/// Thrown by the rules. An empty `rule` is the behaviour of a model, no mistake of the client.
struct Refusal {
  int status = 400;
  std::string rule;
  std::string message;
  std::string type = "invalid_request_error";
  std::string code;
  std::string param;
};

[[noreturn]] void refuse(const std::string& rule, const std::string& message,
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

// fake_openai_schema.cpp
void check_function(const Json& function, const std::string& param, DeclaredTools& declared);
void check_tool_choice(const Json& body, const DeclaredTools& declared, bool nested);
void check_members(const Json& object, const std::set<std::string>& known, const std::string& rule);
/// Arguments as a model under a strict schema writes them: every member, null when not given.
Json with_nulls(const std::string& name, Json arguments, const DeclaredTools& declared);
/// Pieces of about `size` bytes, cut between UTF-8 characters.
std::vector<std::string> pieces_of(const std::string& text, std::size_t size);

// fake_openai_chat.cpp
DeclaredTools check_chat(const Json& body, const OpenAiQuirks& quirks);
ModelView chat_view(const Json& body);
Answer chat_answer(const Json& body, const ModelStep& step, const DeclaredTools& declared,
                   const OpenAiQuirks& quirks, std::size_t number);

// fake_openai_responses.cpp
/// One answer the server gave, to be found again in later requests.
using IssuedOutputs = std::vector<Json>;
DeclaredTools check_responses(const Json& body, const IssuedOutputs& issued);
ModelView responses_view(const Json& body);
Answer responses_answer(const Json& body, const ModelStep& step, const DeclaredTools& declared,
                        std::size_t number, IssuedOutputs& issued);

}  // namespace cartpilot::fakes::openai
