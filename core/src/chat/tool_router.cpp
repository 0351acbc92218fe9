#include "chat/tool_router.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/outside.h"
#include "cartpilot/error.h"
#include "telemetry/span.h"
#include "text/redaction.h"

namespace cartpilot::chat {

namespace {

constexpr std::size_t kSuggestions = 3;

bool is_function_name(const std::string& name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (name.empty() || name.size() > 64 || !letter(name.front())) return false;
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; });
}

/// Edits between two names, letters compared without case.
std::size_t distance(const std::string& a, const std::string& b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string upper_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

/// Runs `action`; whatever it throws becomes an outcome.
template <typename Action>
ToolOutcome outcome_of(Action&& action) {
  try {
    return action();
  } catch (const Error& error) {
    return tool_error(upper_case(error_code_name(error.code)), error.what());
  } catch (const std::exception& error) {
    return tool_error("INTERNAL", fmt::format("The tool failed: {}", error.what()));
  } catch (...) {
    return tool_error("INTERNAL", "The tool failed without saying why.");
  }
}

/// "/items/0/quantity" as the model knows it: items[0].quantity.
std::string readable_path(const std::string& pointer, const Json& arguments) {
  if (pointer.empty()) return "the argument object";
  std::string path;
  const Json* place = &arguments;
  const Json::json_pointer parsed(pointer);
  std::vector<std::string> segments;
  for (Json::json_pointer rest = parsed; !rest.empty(); rest = rest.parent_pointer()) {
    segments.push_back(rest.back());
  }
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
    if (place != nullptr && place->is_array()) {
      const std::size_t index = std::stoul(*segment);
      path += fmt::format("[{}]", index);
      place = index < place->size() ? &(*place)[index] : nullptr;
      continue;
    }
    if (is_function_name(*segment)) {
      path += path.empty() ? *segment : "." + *segment;
    } else {
      path += fmt::format("[{}]", dump_json(*segment));
    }
    const auto member = place != nullptr ? place->find(*segment) : Json::const_iterator();
    place = place != nullptr && member != place->end() ? &*member : nullptr;
  }
  return path;
}

std::string described(const std::vector<schema::Violation>& violations, const Json& arguments) {
  std::string text;
  for (const schema::Violation& violation : violations) {
    if (!text.empty()) text += "; ";
    text += readable_path(violation.path, arguments) + " " + violation.message;
  }
  return text;
}

/// The longest beginning of `text` that takes at most `budget` bytes inside a JSON string and does
/// not end inside a character.
std::string fitting_prefix(const std::string& text, std::size_t budget) {
  std::size_t used = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const auto byte = static_cast<unsigned char>(text[end]);
    std::size_t cost = 1;
    if (byte == '"' || byte == '\\' || (byte >= 0x08 && byte <= 0x0d && byte != 0x0b)) {
      cost = 2;
    } else if (byte < 0x20) {
      cost = 6;
    }
    if (used + cost > budget) break;
    used += cost;
    ++end;
  }
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) {
    --end;
  }
  return text.substr(0, end);
}

void tell_call(telemetry::Span& span, const ToolCall& call) {
  span.call_tool();
  span.set("gen_ai.operation.name", "execute_tool");
  span.set("gen_ai.tool.name", call.name);
  span.set("gen_ai.tool.type", "function");
  span.set("gen_ai.tool.call.id", call.id);
  if (const std::string& conversation = span.context().conversation; !conversation.empty()) {
    span.set("gen_ai.conversation.id", conversation);
  }
  if (span.with_content()) span.set("gen_ai.tool.call.arguments", dump_json(call.arguments));
}

void tell_outcome(telemetry::Span& span, const ToolOutcome& outcome) {
  if (!outcome.ok) span.fail(string_or(outcome.content, "error_code", "tool_error"));
  if (span.with_content()) span.set("gen_ai.tool.call.result", dump_json(outcome.content));
}

}  // namespace

ToolOutcome limited_outcome(ToolOutcome outcome) {
  const std::string text = dump_json(outcome.content);
  if (text.size() <= kMaxResultBytes) return outcome;
  const std::string code = string_or(outcome.content, "error_code");
  const char* cut_member = "text";
  Json marker = Json::object();
  if (!outcome.ok && !code.empty() && code.size() <= 100) {
    cut_member = "message";
    marker = tool_error(code, "").content;
  }
  marker["truncated"] = true;
  marker["bytes"] = text.size();
  marker[cut_member] = "";
  const std::size_t budget = kMaxResultBytes - dump_json(marker).size();
  const bool is_error = std::string_view(cut_member) == "message";
  marker[cut_member] =
      fitting_prefix(is_error ? string_or(outcome.content, "message") : text, budget);
  outcome.content = std::move(marker);
  return outcome;
}

/// One call on its way. Answered from the start when it must not run.
struct ToolRouter::Job {
  ToolCall call;  ///< as it will run: integers narrowed, changed by the guard
  const Entry* entry = nullptr;
  std::optional<std::size_t> same_as;  ///< index of the call this one repeats
  std::optional<ToolOutcome> outcome;
  std::chrono::milliseconds took{0};

  bool answered() const { return outcome.has_value() || same_as.has_value(); }
  bool is_read() const { return entry != nullptr && entry->effect == EffectClass::kRead; }
};

ToolRouter::ToolRouter(CallGuard& guard) : guard_(guard) {}

void ToolRouter::add(ToolSet& tools, const std::string& set_name, bool may_declare_money) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("tool set '{}': {}", set_name, what));
  };
  std::vector<ToolSpec> specs = tools.list();
  std::map<std::string, Entry> entries;
  for (ToolSpec& spec : specs) {
    if (text::redact(spec.name) != spec.name) refuse("the name of a function holds a key");
    spec.description = text::redact(spec.description);
    spec.parameters = text::redacted(spec.parameters);
    if (!is_function_name(spec.name)) {
      refuse(fmt::format("'{}' is no function name (letters, digits, _ and -, at most 64)",
                         spec.name));
    }
    if (const auto taken = entries_.find(spec.name); taken != entries_.end()) {
      refuse(fmt::format("the function {} exists already in the tool set '{}'", spec.name,
                         taken->second.set_name));
    }
    if (spec.effect == EffectClass::kMoney && !may_declare_money) {
      refuse(fmt::format("{} is declared to spend money, which only CartPilot's own set may",
                         spec.name));
    }
    if (string_or(spec.parameters, "type") != "object") {
      refuse(fmt::format("the parameters of {} must be a JSON Schema of type object", spec.name));
    }
    Entry entry{&tools, set_name, spec.effect, nullptr};
    try {
      entry.validator = std::make_unique<schema::SchemaValidator>(spec.parameters);
    } catch (const Error& error) {
      refuse(fmt::format("the parameters of {}: {}", spec.name, error.what()));
    }
    if (!entries.emplace(spec.name, std::move(entry)).second) {
      refuse(fmt::format("it declares the function {} twice", spec.name));
    }
  }
  specs_.insert(specs_.end(), std::make_move_iterator(specs.begin()),
                std::make_move_iterator(specs.end()));
  entries_.merge(entries);
}

ToolOutcome ToolRouter::unknown_function(const std::string& name) const {
  std::vector<std::pair<std::size_t, std::string>> near;
  const std::size_t far = 2 + std::min<std::size_t>(name.size(), 64) / 4;
  for (const auto& [known, entry] : entries_) {
    // Longer names cannot be near; measuring them would only cost time.
    if (name.size() > 2 * 64) break;
    if (const std::size_t edits = distance(name, known); edits <= far)
      near.emplace_back(edits, known);
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string message = fmt::format("There is no function {}.", dump_json(name.substr(0, 64)));
  for (std::size_t i = 0; i < near.size() && i < kSuggestions; ++i) {
    message += (i == 0 ? " Did you mean " : " or ") + near[i].second;
  }
  if (!near.empty()) message += "?";
  return tool_error("UNKNOWN_FUNCTION", message);
}

ToolRouter::Job ToolRouter::prepare(const ToolCall& call) const {
  Job job;
  job.call = call;
  // A model that was told a key must not pass it on.
  job.call.arguments = text::redacted(call.arguments);
  const auto found = entries_.find(call.name);
  if (found == entries_.end()) {
    job.outcome = unknown_function(text::redact(call.name));
    return job;
  }
  job.entry = &found->second;
  if (!call.arguments_error.empty()) {
    job.outcome = tool_error("INVALID_ARGUMENTS", call.arguments_error);
    return job;
  }
  const auto violations = job.entry->validator->validate(job.call.arguments);
  if (!violations.empty()) {
    job.outcome = tool_error("INVALID_ARGUMENTS", described(violations, job.call.arguments));
    return job;
  }
  job.entry->validator->narrow_integers(job.call.arguments);
  return job;
}

std::vector<ToolResult> ToolRouter::run(const std::vector<ToolCall>& calls,
                                        const CallContext& context,
                                        const ResultObserver& observer) {
  std::vector<Job> jobs;
  jobs.reserve(calls.size());
  std::map<std::string, std::size_t> first_with_id;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto [first, is_new] = first_with_id.emplace(calls[i].id, i);
    if (is_new) {
      jobs.push_back(prepare(calls[i]));
      continue;
    }
    Job repeated;
    repeated.call = calls[i];
    const ToolCall& original = calls[first->second];
    if (original.name == calls[i].name && original.arguments == calls[i].arguments) {
      repeated.same_as = first->second;
    } else {
      repeated.outcome = tool_error(
          "DUPLICATE_CALL_ID",
          "Another call of this message has the same id, so this one was not run. Call again.");
    }
    jobs.push_back(std::move(repeated));
  }

  std::vector<ToolResult> results;
  results.reserve(jobs.size());
  for (std::size_t begin = 0; begin < jobs.size();) {
    std::size_t end = begin;
    std::vector<Job*> reads;
    for (; end < jobs.size() && (jobs[end].answered() || jobs[end].is_read()); ++end) {
      if (!jobs[end].answered()) reads.push_back(&jobs[end]);
    }
    if (end == begin) {
      execute(jobs[begin], context);
      ++end;
    } else {
      run_together(std::move(reads), context);
    }
    for (; begin < end; ++begin) {
      Job& job = jobs[begin];
      ToolResult result;
      result.call_id = calls[begin].id;
      result.name = calls[begin].name;
      result.provider_metadata = calls[begin].provider_metadata;
      if (job.same_as) {
        result.content = results[*job.same_as].content;
        result.is_error = results[*job.same_as].is_error;
      } else {
        job.outcome->content = text::redacted(job.outcome->content);  // whole: a cut key is none
        ToolOutcome outcome = limited_outcome(std::move(*job.outcome));
        result.content = std::move(outcome.content);
        result.is_error = !outcome.ok;
      }
      if (observer) observer(calls[begin], result, job.took);
      results.push_back(std::move(result));
    }
  }
  return results;
}

void ToolRouter::run_together(std::vector<Job*> reads, const CallContext& context) const {
  std::atomic<std::size_t> next{0};
  const base::Fanout fanout;
  const telemetry::SpanContext span = telemetry::Span::current();
  const auto work = [&] {
    const telemetry::SpanScope below(span);
    for (std::size_t i = next++; i < reads.size(); i = next++) {
      const base::Lane lane(fanout.lane(i));
      execute(*reads[i], context);
    }
  };
  std::vector<std::jthread> others;
  try {
    while (others.size() + 1 < std::min(reads.size(), kMaxParallelReads)) others.emplace_back(work);
  } catch (const std::system_error&) {
    // No more threads to be had: the ones there are, and this one, do the work.
  }
  work();
}

void ToolRouter::execute(Job& job, const CallContext& context) const {
  if (context.cancelled()) {
    job.outcome = tool_error("CANCELLED", "The person stopped this turn before the call was run.");
    return;
  }
  // A call through MCP has its span already.
  std::optional<telemetry::Span> span;
  if (!telemetry::Span::current().calls_tool) {
    span.emplace("execute_tool " + job.call.name, telemetry::SpanKind::kInternal);
    tell_call(*span, job.call);
  }
  const auto begin = base::steady_now();
  switch (job.entry->effect) {
    case EffectClass::kRead:
      job.outcome = outcome_of(
          [&] { return job.entry->tools->call(job.call.name, job.call.arguments, context); });
      break;
    case EffectClass::kWrite: job.outcome = write(job, context); break;
    case EffectClass::kMoney: {
      bool answered = false;
      job.outcome = outcome_of([&] {
        ToolOutcome outcome = guard_.run_money(job.call, context);
        answered = true;
        return outcome;
      });
      if (!answered) {
        job.outcome = tool_error(
            "OUTCOME_UNKNOWN",
            fmt::format("It is not known what became of {} ({}). Do not try again; \"cartpilot "
                        "purchases list\" shows what is known.",
                        job.call.name, string_or(job.outcome->content, "message")));
      }
      break;
    }
  }
  job.took = std::chrono::duration_cast<std::chrono::milliseconds>(base::steady_now() - begin);
  if (span) tell_outcome(*span, *job.outcome);
}

ToolOutcome ToolRouter::write(Job& job, const CallContext& context) const {
  std::optional<ToolOutcome> refusal;
  const ToolOutcome asked = outcome_of([&] {
    refusal = guard_.before_write(job.call);
    return ToolOutcome{};
  });
  if (!asked.ok) return asked;
  if (refusal) return *std::move(refusal);
  ToolOutcome outcome = outcome_of(
      [&] { return job.entry->tools->call(job.call.name, job.call.arguments, context); });
  const ToolOutcome noted = outcome_of([&] {
    guard_.after_write(job.call, outcome);
    return ToolOutcome{};
  });
  if (noted.ok) return outcome;
  return tool_error(
      "NOT_RECORDED",
      fmt::format("{} {}, but this could not be recorded ({}). Do not repeat the call.",
                  job.call.name, outcome.ok ? "was carried out" : "failed",
                  string_or(noted.content, "message")));
}

}  // namespace cartpilot::chat
