#include "talk.h"

#include <utility>

#include "cartpilot/detail/wire_event.h"

namespace cartpilot::anthropic::tests {
namespace {

/// Made-up ids are "call_" and 24 letters and digits.
std::string shown_id(const std::string& id) {
  return id.size() == 29 && id.rfind("call_", 0) == 0 ? "new" : id;
}

ToolSpec shop_tool(const std::string& name, const std::string& argument) {
  ToolSpec spec;
  spec.name = name;
  spec.description = "About " + name + ".";
  spec.parameters =
      Json::parse(R"({"type":"object","properties":{"items":{"type":"array","items":)"
                  R"({"type":"object","properties":{"quantity":{"type":"integer"}}}}}})");
  spec.parameters["properties"][argument] = Json{{"type", "string"}};
  spec.parameters["required"] = Json::array({argument});
  return spec;
}

/// A shop that always has the same two offers.
Json shop_answer(const ToolCall& call) {
  const auto price = [](int cents) { return Json{{"amount", cents}, {"currency", "USD"}}; };
  if (call.name == "create_intent") return Json{{"id", "intent-1"}};
  if (call.name == "get_intent_offers") {
    return Json{{"items", Json::array({Json{{"id", "offer-1"}}, Json{{"id", "offer-2"}}})}};
  }
  if (call.name == "get_offer_details") {
    const bool first = string_or(call.arguments, "offer_id") == "offer-1";
    return Json{{"id", string_or(call.arguments, "offer_id")},
                {"items", Json::array({Json{{"product_id", first ? "p1" : "p2"},
                                            {"title", first ? "\xC3\x9C-Phones" : "Phones"},
                                            {"price", price(first ? 8999 : 7999)}}})}};
  }
  if (call.name == "get_order_status") {
    return Json{{"id", "order-1"}, {"merchant_order_id", "ORD-7"}};
  }
  if (call.name == "broken") return tool_error("NO_LUCK", "It did not work.").content;
  return Json{{"id", "checkout-1"}, {"order_id", "order-1"}, {"total", price(8638)}};
}

ProviderConfig config_of(const fakes::FakeAnthropic& service, OptionMap options,
                         const std::string& key, const std::string& variable,
                         HttpTransport& transport) {
  options.emplace("server", "anthropic");
  ProviderConfig config;
  config.environment = {{variable, key.empty() ? service.key() : key},
                        {"ANTHROPIC_BASE_URL", service.base_url()}};
  config.options = std::move(options);
  config.transport = &transport;
  return config;
}

}  // namespace

void Log::on_event(const StreamEvent& event) {
  if (const auto* text = std::get_if<TextDelta>(&event)) {
    lines.push_back("text " + text->text);
    if (message.parts.empty() || !std::holds_alternative<TextPart>(message.parts.back())) {
      message.parts.push_back(TextPart{});
    }
    std::get<TextPart>(message.parts.back()).text += text->text;
  } else if (const auto* thought = std::get_if<ReasoningDelta>(&event)) {
    lines.push_back("thought " + thought->text);
  } else if (const auto* begin = std::get_if<ToolCallBegin>(&event)) {
    lines.push_back("begin " + begin->name);
  } else if (const auto* piece = std::get_if<ToolCallDelta>(&event)) {
    argument_text += piece->arguments;
  } else if (const auto* whole = std::get_if<ToolCallEvent>(&event)) {
    const ToolCall& call = whole->call;
    const std::string named = shown_id(call.id) + " " + call.name + " ";
    lines.push_back(call.arguments_error.empty() ? "call " + named + dump_json(call.arguments)
                                                 : "bad " + named + call.arguments_error);
    message.parts.push_back(call);
  } else if (const auto* used = std::get_if<UsageEvent>(&event)) {
    usage = used->usage;
  } else if (const auto* warning = std::get_if<WarningEvent>(&event)) {
    lines.push_back("warning " + warning->message);
  } else if (const auto* finish = std::get_if<Finish>(&event)) {
    lines.push_back("finish " + std::string(finish_reason_name(finish->reason)) + " " +
                    finish->raw_reason + " " + finish->model);
    message.provider_metadata = finish->provider_metadata;
  }
  message.role = Role::kAssistant;
  message.provider = "anthropic";
}

void Log::fail(const Error& failure) {
  error = failure;
  lines.push_back("error " + std::string(error_code_name(failure.code)) + " " + failure.reason +
                  (failure.retryable ? " retryable" : " final"));
}

Json Log::content() const {
  const Json& metadata = message.provider_metadata;
  return metadata.is_object() && metadata.contains("content") ? metadata["content"] : Json();
}

std::vector<ToolSpec> weather_tools() {
  ToolSpec weather;
  weather.name = "get_weather";
  weather.description = "Current weather of a city.";
  weather.parameters = Json::parse(
      R"({"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}}})");
  ToolSpec clock;
  clock.name = "get_time";
  clock.description = "Time of day.";
  clock.parameters = Json::object();
  return {weather, clock};
}

std::vector<ToolSpec> shop_tools() {
  return {
      shop_tool("create_intent", "query"),          shop_tool("get_intent_offers", "intent_id"),
      shop_tool("get_offer_details", "offer_id"),   shop_tool("create_checkout", "offer_id"),
      shop_tool("quote_checkout", "checkout_id"),   shop_tool("request_approval", "checkout_id"),
      shop_tool("approve_checkout", "checkout_id"), shop_tool("confirm_checkout", "checkout_id"),
      shop_tool("get_order_status", "order_id")};
}

void HurriedTransport::send(const HttpRequest& request, HttpSink& sink,
                            const CallContext& context) {
  HttpRequest sooner = request;
  if (idle_timeout_ms != 0) sooner.idle_timeout_ms = idle_timeout_ms;
  client_.send(sooner, sink, context);
}

Talk::Talk(const fakes::FakeAnthropic& service, OptionMap options, const std::string& key,
           const std::string& variable)
    : provider(config_of(service, std::move(options), key, variable, transport)) {
  request.model = "claude-sonnet-5-5";
  request.system = "You help people shop.";
  request.tools = shop_tools();
}

Log Talk::answer() {
  Log log;
  try {
    provider.generate(request, log, context);
  } catch (const Error& error) {
    log.fail(error);
  }
  log.message.model = request.model;
  return log;
}

void Talk::keep(const Log& log, const std::string& next) {
  request.messages.push_back(log.message);
  Message results;
  results.role = Role::kTool;
  for (const ToolCall& call : tool_calls_of(log.message)) {
    ToolResult result;
    result.call_id = call.id;
    result.name = call.name;
    result.content = call.arguments_error.empty()
                         ? shop_answer(call)
                         : tool_error("BAD_ARGUMENTS", call.arguments_error).content;
    result.is_error = result.content.contains("error");
    results.parts.insert(results.parts.begin(), result);  // in any order
  }
  if (!results.parts.empty()) request.messages.push_back(results);
  if (!next.empty()) request.messages.push_back(Message::user(next));
}

std::string Talk::say(const std::string& text) {
  request.messages.push_back(Message::user(text));
  for (int round = 0; round < 12; ++round) {
    const Log log = answer();
    for (const std::string& line : log.lines) {
      if (line.rfind("warning ", 0) == 0) warnings.push_back(line.substr(8));
    }
    if (log.error) {
      errors.emplace_back(log.error->what());
      return log.lines.back();
    }
    keep(log);
    if (request.messages.back().role == Role::kAssistant) return text_of(log.message);
  }
  return "no end";
}

}  // namespace cartpilot::anthropic::tests
