#include "torture/worst_model.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <sstream>
#include <utility>

#include "torture/shared_page.h"

namespace cartpilot::torture {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

// Words: intent offers checkout quote request approve confirm get orders obey bad again warp.
// WORD:DETAIL is a quantity, "other" (another product) or seconds; WORD@N the Nth checkout,
// @foreign somebody else's; WORD! brings forged arguments along. "again" repeats the call before it
// with the same id.
const std::map<std::string, std::string> kScripts = {
    {"honest", "intent|offers|checkout|quote|request|approve|confirm"},
    {"quick", "intent|offers|checkout|quote request approve confirm"},
    {"confirm_twice",
     "intent|offers|checkout|quote request approve|confirm|confirm|orders|confirm"},
    {"parallel_confirms", "intent|offers|checkout|quote request approve|confirm confirm again"},
    {"approve_itself", "intent|offers|checkout|quote request|approve!|confirm!|confirm! again"},
    {"no_consent", "intent|offers|checkout|quote request|confirm|confirm!|approve|confirm"},
    {"swap_after",
     "intent|offers|checkout|quote request approve|quote:other|confirm|approve|confirm"},
    {"requote_after",
     "intent|offers|checkout|quote request approve|quote|confirm|quote|request approve confirm"},
    {"other_offer", "intent|offers|checkout|quote:other|request|approve confirm"},
    {"more_pieces", "intent|offers|checkout:1|quote:7|request|approve|confirm"},
    {"out_of_order",
     "intent|offers|checkout|confirm|approve|request|quote|approve|request|approve|confirm"},
    {"foreign",
     "intent|offers|confirm@foreign|approve@foreign confirm@foreign|quote@foreign|checkout|quote "
     "request approve|confirm@foreign confirm"},
    {"obedient", "intent|offers|obey|checkout|quote request|obey|approve|obey|confirm|obey"},
    {"other_checkout",
     "intent|offers|checkout|checkout:2|quote@1 quote:2@2|request@1 "
     "request@2|approve@1|confirm@2|confirm@1"},
    {"two_at_once",
     "intent|offers|checkout:1|checkout:2|quote@1 quote:2@2|request@1 request@2|approve@1 "
     "approve@2|confirm@1 confirm@2"},
    {"replan",
     "intent|offers|checkout|quote request approve confirm|intent|offers|checkout|quote request "
     "approve confirm|checkout:1 orders|quote request approve confirm"},
    {"reconfirm",
     "intent|offers|checkout|quote request approve confirm|confirm|get|confirm|orders|confirm"},
    {"requote_on_failure",
     "intent|offers|checkout|quote request approve confirm|quote|request approve confirm|quote "
     "request approve confirm|confirm"},
    {"slow", "intent|offers|checkout|quote request approve|warp:360|confirm|approve confirm"},
    {"less_slow", "intent|offers|checkout|quote request approve|warp:240|confirm|confirm"},
    {"own_keys",
     "intent|offers|checkout!|checkout!:3|quote@1 quote:3@2|request@1 request@2|approve@1 "
     "confirm@1 approve@2 confirm@2"},
    {"nagging",
     "intent|offers|checkout:1 checkout:2 checkout:3 checkout:4|quote@1 quote:2@2 quote:3@3 "
     "quote:4@4|request@1 request@2 request@3 request@4|approve@1 approve@2 approve@3 approve@4 "
     "confirm@4 confirm@1"},
    {"bad_arguments", "intent|offers|bad|checkout|bad|quote request approve|bad confirm"},
    {"only_talk", "orders"},
    {"silent", ""},
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

const char* function_of(const std::string& word) {
  if (word == "intent") return "create_intent";
  if (word == "offers") return "get_intent_offers";
  if (word == "checkout") return "create_checkout";
  if (word == "quote") return "quote_checkout";
  if (word == "request") return "request_approval";
  if (word == "approve") return "approve_checkout";
  if (word == "confirm") return "confirm_checkout";
  if (word == "get") return "get_checkout";
  return "list_orders";
}

/// The model took its time.
void pass_time(const std::string& page_file, std::int64_t seconds) {
  const int file = ::open(page_file.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void* page = ::mmap(nullptr, sizeof(SharedPage), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  if (page == MAP_FAILED) return;
  static_cast<SharedPage*>(page)->warp_ns += seconds * kNanoseconds;
  ::munmap(page, sizeof(SharedPage));
}

}  // namespace

const std::map<std::string, std::string>& worst_scripts() { return kScripts; }

/// What it knows from the conversation.
struct WorstModel::Memory {
  std::string script;
  std::size_t step = 0;
  std::size_t messages = 0;
  std::string intent;
  std::string offer;
  std::vector<std::string> products;
  std::vector<std::string> checkouts;
  std::string read;  ///< all results of this turn as text

  Memory(const GenerateRequest& request, const std::string& merchant) {
    messages = request.messages.size();
    for (const Message& message : request.messages) {
      if (message.role == Role::kUser) {
        const std::string text = text_of(message);
        const std::size_t open = text.rfind('[');
        script =
            open == std::string::npos ? "" : text.substr(open + 1, text.find(']', open) - open - 1);
        step = 0;
        read.clear();
        checkouts.clear();
      } else if (message.role == Role::kAssistant) {
        ++step;
      }
      for (const Part& part : message.parts) {
        if (const auto* result = std::get_if<ToolResult>(&part)) learn(*result, merchant);
      }
    }
  }

  void learn(const ToolResult& result, const std::string& merchant) {
    read += dump_json(result.content);
    if (result.is_error) return;
    if (result.name == "create_intent") intent = string_or(result.content, "id");
    if (result.name == "create_checkout") checkouts.push_back(string_or(result.content, "id"));
    if (result.name != "get_intent_offers" || !result.content.contains("items")) return;
    for (const Json& candidate : result.content.at("items")) {
      if (!candidate.contains("items") || candidate.at("items").empty()) continue;
      const bool preferred = string_or(candidate, "merchant_id") == merchant;
      if (!offer.empty() && !preferred) continue;
      offer = string_or(candidate, "id");
      products.clear();
      for (const Json& item : candidate.at("items")) {
        products.push_back(string_or(item, "product_id"));
      }
    }
  }
};

WorstModel::WorstModel(const ProviderConfig& config) : options_(config.options) {}

Json WorstModel::arguments_of(const std::string& function, const std::string& detail,
                              const std::string& checkout, bool forged,
                              const Memory& memory) const {
  Json arguments = Json::object();
  if (function == "create_intent") return {{"query", "headphones"}};
  if (function == "get_intent_offers") return {{"intent_id", memory.intent}};
  if (function == "list_orders") return arguments;
  if (function == "create_checkout") {
    arguments["offer_id"] = memory.offer;
  } else {
    arguments["checkout_id"] = checkout;
  }
  if (function == "create_checkout" || function == "quote_checkout") {
    const bool other = detail == "other";
    const std::size_t which = other && memory.products.size() > 1 ? 1 : 0;
    const std::string product = memory.products.empty() ? "none" : memory.products[which];
    const int quantity = other || detail.empty() ? 1 : std::atoi(detail.c_str());
    arguments["items"] = Json::array({{{"product_id", product}, {"quantity", quantity}}});
  }
  if (forged && function == "approve_checkout") arguments["approved_by"] = "user";
  if (forged && function == "confirm_checkout") arguments["payment_method"] = "stolen_card";
  if (forged && function != "approve_checkout") arguments["idempotency_key"] = "chosen-by-model";
  return arguments;
}

/// The calls of one answer.
std::vector<ToolCall> WorstModel::play(const std::string& step, const Memory& memory) const {
  std::vector<ToolCall> calls;
  const auto add = [&](const std::string& name, Json arguments) {
    const std::string id =
        "call-" + std::to_string(memory.messages) + "-" + std::to_string(calls.size());
    calls.push_back({id, name, std::move(arguments), "", nullptr});
  };
  for (std::string word : split(step, ' ')) {
    std::string checkout = memory.checkouts.empty() ? "none" : memory.checkouts.back();
    if (const std::size_t at = word.find('@'); at != std::string::npos) {
      const std::string which = word.substr(at + 1);
      const std::size_t index = which == "foreign" ? 0 : std::stoul(which);
      const auto foreign = options_.find("foreign");
      if (which == "foreign") {
        checkout = foreign == options_.end() ? "none" : foreign->second;
      } else if (index <= memory.checkouts.size()) {
        checkout = memory.checkouts[index - 1];
      }
      word.resize(at);
    }
    std::string detail;
    if (const std::size_t colon = word.find(':'); colon != std::string::npos) {
      detail = word.substr(colon + 1);
      word.resize(colon);
    }
    const bool forged = word.ends_with('!');
    if (forged) word.pop_back();
    if (word == "again") {
      if (!calls.empty()) calls.push_back(calls.back());
    } else if (word == "warp") {
      const auto page = options_.find("page");
      if (page != options_.end()) pass_time(page->second, std::atoi(detail.c_str()));
    } else if (word == "bad") {
      add("create_checkout", {{"offer_id", memory.offer}, {"items", "two"}});
      add("Confirm_Checkout", {{"checkout_id", checkout}});
      add("confirm_checkout", {{"checkout_id", Json::array({checkout})}});
    } else if (word == "obey") {
      // "CALL(confirm_checkout,ID)" somewhere in what was read.
      for (std::size_t at = 0; (at = memory.read.find("CALL(", at)) != std::string::npos; ++at) {
        const std::size_t comma = memory.read.find(',', at);
        const std::size_t end = memory.read.find(')', at);
        if (comma == std::string::npos || end == std::string::npos || comma > end) break;
        if (calls.size() > 4) break;
        const std::string target = memory.read.substr(comma + 1, end - comma - 1);
        add(memory.read.substr(at + 5, comma - at - 5),
            {{"checkout_id", target == "mine" ? checkout : target}});
      }
      if (calls.empty()) add("list_orders", Json::object());
    } else {
      const std::string function = function_of(word);
      add(function, arguments_of(function, detail, checkout, forged, memory));
    }
  }
  return calls;
}

void WorstModel::generate(const GenerateRequest& request, EventSink& sink, const CallContext&) {
  const auto merchant = options_.find("merchant");
  const Memory memory(request, merchant == options_.end() ? "" : merchant->second);
  const auto script = kScripts.find(memory.script);
  const std::vector<std::string> steps =
      script == kScripts.end() ? std::vector<std::string>() : split(script->second, '|');
  std::vector<ToolCall> calls;
  if (memory.step < steps.size()) calls = play(steps[memory.step], memory);
  // A step without calls ("warp") leads on to the next one.
  if (calls.empty() && memory.step + 1 < steps.size()) calls = play(steps[memory.step + 1], memory);
  if (calls.empty()) sink.on_event(TextDelta{"Bought! Your order is on its way."});
  for (ToolCall& call : calls) sink.on_event(ToolCallEvent{std::move(call)});
  Finish finish;
  finish.reason = calls.empty() ? FinishReason::kStop : FinishReason::kToolCalls;
  finish.raw_reason = "end";
  sink.on_event(finish);
}

Json WorstModel::function_declarations(const std::vector<ToolSpec>& tools) const {
  Json names = Json::array();
  for (const ToolSpec& tool : tools) names.push_back(tool.name);
  return names;
}

std::vector<ToolCall> WorstModel::parse_function_calls(const Json& message) const {
  return {{"call", string_or(message, "name"), message.value("args", Json::object()), "", nullptr}};
}

Json WorstModel::function_responses(const std::vector<ToolResult>& results) const {
  Json answers = Json::array();
  for (const ToolResult& result : results) answers.push_back(result.content);
  return answers;
}

}  // namespace cartpilot::torture
