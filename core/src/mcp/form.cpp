#include "mcp/form.h"

#include <utility>

namespace cartpilot::mcp {

Json form_request(const Form& form) {
  // Without a mode it is a form in every revision, also in those that know nothing else.
  return {{"method", "elicitation/create"},
          {"params", {{"message", form.message}, {"requestedSchema", form.schema}}}};
}

schema::SchemaValidator form_fields(const Form& form) {
  Json schema = form.schema;
  // An older way to give choices titles; it belongs to MCP, not to JSON Schema.
  const auto properties = schema.find("properties");
  if (properties != schema.end() && properties->is_object()) {
    for (auto& [name, property] : properties->items()) {
      if (property.is_object()) property.erase("enumNames");
    }
  }
  return schema::SchemaValidator(schema);
}

FormReply read_form_reply(const schema::SchemaValidator& fields, const Json& reply) {
  const std::string action = reply.is_object() ? string_or(reply, "action") : "";
  if (action == "decline") return {FormOutcome::kDeclined, nullptr};
  if (action == "cancel") return {FormOutcome::kCancelled, nullptr};
  if (action != "accept") return {FormOutcome::kNoAnswer, nullptr};
  const auto given = reply.find("content");
  Json content = given == reply.end() ? Json::object() : *given;
  if (!content.is_object() || dump_json(content).size() > kMaxFormAnswerBytes ||
      !fields.validate(content).empty()) {
    return {FormOutcome::kNoAnswer, nullptr};
  }
  fields.narrow_integers(content);
  return {FormOutcome::kAccepted, std::move(content)};
}

}  // namespace cartpilot::mcp
