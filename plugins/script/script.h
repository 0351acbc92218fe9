// Script: what a scripted model says, and when.
//
// Read once from a file; plain values afterwards, which one thread may play while others read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cartpilot/error.h"
#include "cartpilot/json.h"
#include "cartpilot/stream_event.h"
#include "script/document.h"

namespace cartpilot::script {

/// What is asked of one result among those just sent.
struct ResultCondition {
  std::optional<std::string> name;
  std::optional<bool> ok;
  std::optional<std::string> error_code;
  std::optional<std::string> contains;  ///< part of the result's JSON text
};

/// What is asked of a request. Everything that is set must hold.
struct Condition {
  int line = 0;
  std::optional<std::string> user;     ///< part of the last message of the person
  std::optional<std::string> user_is;  ///< all of it
  std::optional<std::string> system;   ///< part of the instructions
  std::optional<std::string> model;
  std::optional<std::string> tool_choice;
  std::optional<std::string> last;   ///< role of the last message: "user" or "tool"
  std::optional<std::int64_t> turn;  ///< number of messages of the person so far
  std::vector<std::string> tools;    ///< functions that are declared
  std::optional<ResultCondition> result;
};

struct Delay {
  std::int64_t ms = 0;
};

/// A call, before the placeholders in its arguments are replaced.
struct ScriptedCall {
  std::string id;  ///< "" = one nobody has used
  std::string name;
  Json arguments = Json::object();
  std::string arguments_text;  ///< instead of `arguments`: text that is no JSON object
};

/// Texts are also before their placeholders are replaced.
using Step = std::variant<Delay, TextDelta, ReasoningDelta, ScriptedCall, WarningEvent, UsageEvent>;

/// One answer of the model.
struct Answer {
  int line = 0;
  Condition when;          ///< chooses the answer
  Condition expect;        ///< must hold when it is chosen
  std::int64_t times = 1;  ///< 0 = always
  std::vector<Step> steps;
  std::optional<Error> error;  ///< ends the answer instead of a finish
  std::optional<FinishReason> finish;
};

struct Script {
  std::string file;
  std::string model = "script-1";
  std::string notice;
  std::vector<Answer> answers;
};

/// Throws Error{kInvalidArgument} "FILE, line 7: ..." for what a script does not know, with the
/// word that was probably meant.
Script read_script(const Document& document);

}  // namespace cartpilot::script
