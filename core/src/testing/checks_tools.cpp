// Checks of tool sets. Only tools whose declared effect is "read" are called with arguments that
// fit: what a write does is not the kit's to decide.
#include <array>
#include <set>
#include <string_view>
#include <thread>

#include "cartpilot/detail/wire.h"
#include "testing/argument_maker.h"
#include "testing/check_subject.h"

namespace cartpilot::testing {
namespace {

Json read_list(const Instance& instance) {
  const CallOutcome outcome = instance.list();
  expect(outcome.ok() && outcome.results.size() == 1, "list() gives " + outcome.description());
  return parse_json(outcome.results[0], "tools");
}

std::vector<ToolSpec> read_tools(const Instance& instance) {
  return list_from_json(read_list(instance), tool_spec_from_json, "tools");
}

void list_valid(const Subject& subject) {
  Bench bench(subject);
  const Instance instance = bench.make_tool_set();
  expect(!read_tools(instance).empty(), "it lists no tool");
}

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > 64) return false;
  for (const char c : name) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
    if (!fits) return false;
  }
  return !(name[0] >= '0' && name[0] <= '9') && name[0] != '-';
}

void tool_names(const Subject& subject) {
  Bench bench(subject);
  std::set<std::string> names;
  for (const ToolSpec& tool : read_tools(bench.make_tool_set())) {
    expect(is_name(tool.name), "\"" + tool.name +
                                   "\" is no name of a tool; vendors accept "
                                   "^[A-Za-z_][A-Za-z0-9_-]{0,63}$");
    expect(names.insert(tool.name).second, "the tool " + tool.name + " is listed twice");
  }
}

void tool_descriptions(const Subject& subject) {
  Bench bench(subject);
  for (const ToolSpec& tool : read_tools(bench.make_tool_set())) {
    expect(tool.description.size() >= 8,
           "the tool " + tool.name + " has no description; the model chooses by it");
  }
}

void expect_schema(const Json& schema, const std::string& where) {
  expect(schema.is_object() || schema.is_boolean(), where + " is no schema");
  if (!schema.is_object()) return;
  static const std::set<std::string> kTypes = {"object", "array",   "string", "integer",
                                               "number", "boolean", "null"};
  if (schema.contains("type")) {
    const Json types = schema["type"].is_array() ? schema["type"] : Json::array({schema["type"]});
    for (const Json& type : types) {
      expect(type.is_string() && kTypes.count(type.get<std::string>()) != 0,
             where + " has the unknown type " + dump_json(type));
    }
  }
  const Json properties = schema.value("properties", Json::object());
  expect(properties.is_object(), where + ".properties is no object");
  for (const auto& [name, property] : properties.items()) {
    expect_schema(property, where + "." + name);
  }
  if (schema.contains("items")) expect_schema(schema["items"], where + "[]");
  const Json required = schema.value("required", Json::array());
  expect(required.is_array(), where + ".required is no array");
  for (const Json& name : required) {
    expect(name.is_string() && properties.contains(name.get<std::string>()),
           where + " requires " + dump_json(name) + ", which it does not describe");
  }
}

void tool_schemas(const Subject& subject) {
  Bench bench(subject);
  for (const ToolSpec& tool : read_tools(bench.make_tool_set())) {
    expect(string_or(tool.parameters, "type") == "object",
           "the parameters of " + tool.name + " are not of type object");
    expect_schema(tool.parameters, tool.name);
  }
}

void tool_effects(const Subject& subject) {
  Bench bench(subject);
  const Instance instance = bench.make_tool_set();
  const Json list = read_list(instance);
  for (const Json& tool : list) {
    const std::string effect = string_or(tool, "effect");
    expect(!effect.empty(), "the tool " + string_or(tool, "name") + " declares no effect");
    if (effect == "money") {
      warn_check("the tool " + string_or(tool, "name") +
                 " moves money; people must allow that with --allow-money-tools");
    }
  }
}

void list_stable(const Subject& subject) {
  Bench bench(subject);
  const Instance instance = bench.make_tool_set();
  expect(read_list(instance) == read_list(instance), "list() answers differently each time");
}

void expect_outcome(const CallOutcome& outcome, const std::string& tool) {
  expect(outcome.ok() && outcome.results.size() == 1,
         "the call of " + tool + " gives " + outcome.description());
  outcome_from_json(parse_json(outcome.results[0], "the outcome of " + tool));
}

void call_valid(const Subject& subject) {
  Bench bench(subject);
  const Instance instance = bench.make_tool_set();
  ArgumentMaker maker(subject.options->seed);
  std::size_t called = 0;
  bool asks_a_service = false;
  for (const ToolSpec& tool : read_tools(instance)) {
    if (tool.effect != EffectClass::kRead) continue;
    for (int i = 0; i < 20; ++i) {
      const std::string arguments = dump_json(maker.fitting(tool.parameters));
      const std::size_t asked = bench.host().http().requests().size();
      const CallOutcome outcome = instance.call(tool.name, arguments);
      // Its service is not here; that the model reads so is right.
      if (outcome.status == CP_UNAVAILABLE && bench.host().http().requests().size() > asked) {
        asks_a_service = true;
        continue;
      }
      expect_outcome(outcome, tool.name + "(" + arguments + ")");
      ++called;
    }
  }
  if (called > 0) return;
  skip_check(asks_a_service ? "what its tools ask is not here" : "it has no tool that only reads");
}

void call_unknown(const Subject& subject) {
  Bench bench(subject);
  const CallOutcome outcome = bench.make_tool_set().call("there_is_no_such_tool", "{}");
  expect(!outcome.threw, "it threw an exception");
  if (outcome.status != CP_OK) {
    expect(!outcome.errors.empty(), "it refused an unknown tool without saying why");
    return;
  }
  expect(outcome.results.size() == 1 &&
             !outcome_from_json(parse_json(outcome.results[0], "outcome")).ok,
         "a tool it does not have succeeded");
}

/// An error of either kind, or an answer; never an exception, never silence.
void expect_some_answer(const CallOutcome& outcome, const std::string& what) {
  expect(!outcome.threw, what + ": it threw an exception");
  expect(outcome.status == CP_OK ? outcome.results.size() == 1 : !outcome.errors.empty(),
         what + ": neither a result nor an error");
}

void call_misfitting(const Subject& subject) {
  Bench bench(subject);
  const Instance instance = bench.make_tool_set();
  for (const ToolSpec& tool : read_tools(instance)) {
    if (tool.effect != EffectClass::kRead) continue;
    for (const char* arguments : {"{}", "[]", "null", "5", R"({"x_unknown":{}})", "{", ""}) {
      expect_some_answer(instance.call(tool.name, arguments),
                         tool.name + " with the arguments " + arguments);
    }
  }
}

void call_huge(const Subject& subject) {
  Bench bench(subject);
  const Instance instance = bench.make_tool_set();
  for (const ToolSpec& tool : read_tools(instance)) {
    if (tool.effect != EffectClass::kRead) continue;
    Json arguments = ArgumentMaker(1).fitting(tool.parameters);
    for (Json& value : arguments) {
      if (value.is_string()) value = std::string(1 << 20, 'x');
    }
    expect_some_answer(instance.call(tool.name, dump_json(arguments)),
                       tool.name + " with a megabyte of text");
  }
}

void call_concurrent(const Subject& subject) {
  Bench bench(subject);
  const Json& manifest = bench.plugin().manifest();
  if (!manifest.contains("concurrent") || manifest["concurrent"] != true) {
    skip_check("its manifest does not say \"concurrent\"");
  }
  const Instance instance = bench.make_tool_set();
  std::vector<ToolSpec> reads;
  for (const ToolSpec& tool : read_tools(instance)) {
    if (tool.effect == EffectClass::kRead) reads.push_back(tool);
  }
  if (reads.empty()) skip_check("it has no tool that only reads");
  const std::string arguments =
      dump_json(ArgumentMaker(subject.options->seed).fitting(reads[0].parameters));
  const CallOutcome alone = instance.call(reads[0].name, arguments);
  std::array<std::string, 4> problems;
  std::vector<std::thread> threads;
  for (std::string& problem : problems) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25 && problem.empty(); ++i) {
        const CallOutcome outcome = instance.call(reads[0].name, arguments);
        if (outcome.status != alone.status) problem = outcome.description();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& problem : problems) {
    expect(problem.empty(), "calls at the same time disturb each other: " + problem);
  }
}

}  // namespace

void add_tool_checks(std::vector<Check>& checks) {
  CheckList list(checks, {"tool-list-valid"});
  list.add("tool-list-valid", "lists its tools", kObjectNeeds, list_valid);
  list.add("tool-names", "gives its tools names that vendors accept", tool_names);
  list.add("tool-descriptions", "describes its tools", tool_descriptions);
  list.add("tool-schemas", "describes the parameters of its tools", tool_schemas);
  list.add("tool-effects", "declares what its tools do to the world", tool_effects);
  list.add("tool-list-stable", "lists the same tools every time", list_stable);
  list.add("call-valid-arguments", "answers calls whose arguments fit", call_valid);
  list.add("call-unknown-tool", "refuses tools it does not have", call_unknown);
  list.add("call-misfitting-arguments", "survives arguments that do not fit", call_misfitting);
  list.add("call-huge-arguments", "survives a megabyte of arguments", call_huge);
  list.add("call-concurrent", "answers several calls at once, if it says so", call_concurrent);
}

}  // namespace cartpilot::testing
