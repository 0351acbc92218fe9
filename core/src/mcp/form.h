// Form: fields that a tool asks its client to fill in, and what comes back.
//
// What comes back was made by a program: a client can fill in a form unseen, so it is never a
// person's agreement to anything. Values and pure functions; any thread.
#pragma once

#include <chrono>
#include <string>

#include "cartpilot/json.h"
#include "schema/validator.h"

namespace cartpilot::mcp {

/// As JSON text. An answer may have to travel to the client and back with the next question.
constexpr std::size_t kMaxFormAnswerBytes = 16 * 1024;

struct Form {
  std::string name;  ///< of the question, different for each one of a tool
  std::string message;
  Json schema;  ///< a flat object of texts, numbers, booleans and choices
  /// How long a legacy client may take.
  std::chrono::milliseconds limit{std::chrono::minutes(10)};
};

enum class FormOutcome {
  kNotPossible,  ///< the client takes no forms
  kReturn,       ///< it is asked with the answer to this call, and calls again: return at once
  kNoAnswer,     ///< none that fits the schema came in time
  kAccepted,
  kDeclined,
  kCancelled
};

struct FormReply {
  FormOutcome outcome = FormOutcome::kNotPossible;
  Json content;  ///< with kAccepted: an object that fits the schema
};

/// What the client is asked, without the envelope of a message.
Json form_request(const Form& form);

/// Throws Error{kInvalidArgument} for a schema that cannot be used.
schema::SchemaValidator form_fields(const Form& form);

/// kNoAnswer for a reply of another form than the protocol has, and one that does not fit.
FormReply read_form_reply(const schema::SchemaValidator& fields, const Json& reply);

}  // namespace cartpilot::mcp
