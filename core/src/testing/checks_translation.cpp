// Checks of a provider's description, model list and function format.
#include <set>

#include "cartpilot/detail/wire.h"
#include "testing/conversation.h"

namespace cartpilot::testing {
namespace {

std::string tools_text() { return dump_json(parse_json(question(true))["tools"]); }

const std::string& single_result(const CallOutcome& outcome, const char* what) {
  expect(outcome.ok() && outcome.results.size() == 1,
         std::string(what) + " gave " + outcome.description() + " and " +
             std::to_string(outcome.results.size()) + " results");
  return outcome.results.front();
}

void provider_info(const Subject& subject) {
  Bench bench(subject);
  const CallOutcome outcome = bench.make_provider().info();
  if (outcome.status == CP_UNSUPPORTED) skip_check("it has no info function");
  const ProviderInfo info = info_from_json(parse_json(single_result(outcome, "info"), "info"));
  expect(!info.name.empty(), "its name is empty");
  expect(info.notice.find('\n') == std::string::npos, "its notice has more than one line");
}

void model_list(const Subject& subject) {
  Conversation conversation(subject);
  const CallOutcome outcome = conversation.bench().make_provider().models();
  if (outcome.status == CP_UNSUPPORTED) skip_check("it has no list of models");
  std::set<std::string> ids;
  for (const ModelInfo& model : list_from_json(
           parse_json(single_result(outcome, "models"), "models"), model_from_json, "models")) {
    expect(!model.id.empty(), "a model has no id");
    expect(ids.insert(model.id).second, "the model " + model.id + " is listed twice");
  }
  expect(!ids.empty(), "the list of models is empty");
}

void declarations(const Subject& subject) {
  Bench bench(subject);
  const Instance instance = bench.make_provider();
  const CallOutcome outcome = instance.function_declarations(tools_text());
  if (outcome.status == CP_UNSUPPORTED) skip_check("it declares no functions");
  const std::string& text = single_result(outcome, "function_declarations");
  expect(parse_json(text, "declarations").is_array(), "the declarations are no JSON array");
  if (instance.parse_function_calls("{}").status == CP_UNSUPPORTED) {
    skip_check("it reads no function calls");
  }
  expect(text.find("get_weather") != std::string::npos && text.find("city") != std::string::npos,
         "the declarations lack the tool or its parameter");
}

void parse_rubbish(const Subject& subject) {
  Bench bench(subject);
  const Instance instance = bench.make_provider();
  for (const char* message : {"{", "", R"({"what":1})", "[[[]]]", "17"}) {
    const CallOutcome outcome = instance.parse_function_calls(message);
    expect(!outcome.threw && outcome.status != CP_OK && !outcome.errors.empty(),
           std::string("parse_function_calls(") + message + ") gives " + outcome.description() +
               " instead of an error");
  }
}

void function_round_trip(const Subject& subject) {
  Conversation conversation(subject);
  const Instance instance = conversation.bench().make_provider();
  conversation.need_http(conversation.ask(instance, true));
  const auto requests = conversation.bench().host().http().requests();
  const Json native = conversation.samples().dialect_of(requests.back())->native_call;
  if (native.is_null()) skip_check("the samples have no \"native_call\"");
  const CallOutcome parsed = instance.parse_function_calls(dump_json(native));
  if (parsed.status == CP_UNSUPPORTED) skip_check("it reads no function calls");
  const std::vector<ToolCall> calls =
      list_from_json(parse_json(single_result(parsed, "parse_function_calls"), "calls"),
                     tool_call_from_json, "calls");
  expect(calls.size() == 1 && calls[0].name == "get_weather" && !calls[0].id.empty() &&
             string_or(calls[0].arguments, "city") == "Paris",
         "a call of get_weather for Paris was read as " + parsed.results[0]);
  ToolResult result;
  result.call_id = calls[0].id;
  result.name = calls[0].name;
  result.content = Json{{"weather", "sample-sunshine"}};
  result.provider_metadata = calls[0].provider_metadata;
  const CallOutcome answered =
      instance.function_responses(dump_json(Json::array({tool_result_to_json(result)})));
  const std::string& text = single_result(answered, "function_responses");
  parse_json(text, "responses");
  expect(text.find("sample-sunshine") != std::string::npos, "the response lacks the result");
}

}  // namespace

void add_translation_checks(std::vector<Check>& checks) {
  CheckList list(checks, kObjectNeeds);
  list.add("provider-info", "says its name", provider_info);
  list.add("model-list-valid", "lists models with distinct ids", model_list);
  list.add("declarations-valid", "declares functions as a JSON array", declarations);
  list.add("parse-calls-rejects-rubbish", "refuses function calls that are none", parse_rubbish);
  list.add("function-round-trip", "reads a vendor's function call and writes the response",
           function_round_trip);
}

}  // namespace cartpilot::testing
