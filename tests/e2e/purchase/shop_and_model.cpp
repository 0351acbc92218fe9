#include "shop_and_model.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace cartpilot::e2e {
namespace {

using Call = std::pair<std::string, Json>;

Json items_of(const std::string& product, int quantity) {
  return Json::array({Json{{"product_id", product}, {"quantity", quantity}}});
}

std::vector<Call> preparing_calls(int nth, const std::string& product, int quantity) {
  const Json items = items_of(product, quantity);
  return {{"create_checkout", {{"offer_id", "offer-a"}, {"items", items}}},
          {"quote_checkout", {{"checkout_id", checkout_id(nth)}, {"items", items}}},
          {"request_approval", {{"checkout_id", checkout_id(nth)}}}};
}

std::vector<Call> buying_calls(int nth, const std::string& product, int quantity) {
  std::vector<Call> calls = preparing_calls(nth, product, quantity);
  calls.push_back({"approve_checkout", {{"checkout_id", checkout_id(nth)}}});
  calls.push_back({"confirm_checkout", {{"checkout_id", checkout_id(nth)}}});
  return calls;
}

std::vector<fakes::ModelStep> steps_of(const std::vector<Call>& calls) {
  std::vector<fakes::ModelStep> steps;
  for (const Call& call : calls) steps.push_back({"", {call}});
  return steps;
}

/// UTF-8, cut at every place where JSON can be.
std::vector<std::string> characters_of(const std::string& text) {
  std::vector<std::string> characters;
  for (const char c : text) {
    const bool goes_on = (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
    if (!goes_on || characters.empty()) characters.emplace_back();
    characters.back() += c;
  }
  return characters;
}

}  // namespace

ScriptedModel::ScriptedModel(const std::vector<fakes::ModelStep>& steps) {
  Json answers = Json::array();
  for (const fakes::ModelStep& step : steps) {
    Json answer = {{"calls", Json::array()}};
    for (const std::string& character : characters_of(step.text)) {
      answer["play"].push_back({{"text", character}});
    }
    for (const auto& [name, arguments] : step.calls) {
      answer["calls"].push_back({{"name", name}, {"arguments", arguments}});
    }
    answers.push_back(answer);
  }
  answers.push_back({{"text", "done"}, {"times", "always"}});
  std::ofstream(folder_.path() / "model.json") << dump_json(Json{{"answer", answers}});
}

std::vector<std::string> ScriptedModel::chat(const std::string& shop,
                                             const std::vector<std::string>& more) const {
  std::vector<std::string> words = {"chat",
                                    "--provider",
                                    "script",
                                    "--provider-option",
                                    "file=" + (folder_.path() / "model.json").string(),
                                    "--api-url",
                                    shop};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string checkout_id(int nth) { return fmt::format("id-{:04}", 2 * nth - 1); }

std::vector<fakes::ModelStep> prepare_steps(int nth, const std::string& product, int quantity) {
  return steps_of(preparing_calls(nth, product, quantity));
}

std::vector<fakes::ModelStep> buying_steps(int nth, const std::string& product, int quantity) {
  std::vector<fakes::ModelStep> steps = steps_of(buying_calls(nth, product, quantity));
  steps.push_back({"Enjoy!", {}});
  return steps;
}

std::vector<std::string> chat_words(const std::string& shop, const std::vector<std::string>& more) {
  std::vector<std::string> words = {
      "chat",          "--provider",        "openai",   "--model",
      "gpt-4.1-mini",  "--provider-option", "api=chat", "--provider-option",
      "server=openai", "--api-url",         shop};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string buying_lines(int nth, const std::string& product, int quantity) {
  std::string lines;
  int n = 0;
  for (const auto& [name, arguments] : buying_calls(nth, product, quantity)) {
    lines += dump_json(Json{{"type", "function_call"},
                            {"call_id", fmt::format("c{}", ++n)},
                            {"name", name},
                            {"arguments", dump_json(arguments)}}) +
             "\n";
  }
  return lines;
}

std::vector<std::string> handle_words(const std::string& shop,
                                      const std::vector<std::string>& more) {
  std::vector<std::string> words = {"tools",       "handle",    "--provider", "openai",
                                    "--api-url",   shop,        "--approve",  "up-to:1000:USD",
                                    "--merchants", "merchant-a"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

void wait_until_set(const std::atomic<bool>& flag, const char* what) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!flag) {
    if (std::chrono::steady_clock::now() > end) {
      throw std::runtime_error(fmt::format("never came: {}", what));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

std::vector<std::string> states_of_newest(const Home& home) {
  const Json list = parse_json(run(home, {"purchases", "list", "--json"}).out);
  std::vector<std::string> states;
  if (list.empty()) return states;
  const Json shown =
      parse_json(run(home, {"purchases", "show", list[0]["id"].get<std::string>(), "--json"}).out);
  for (const Json& event : shown["events"]) states.push_back(event["state"]);
  return states;
}

std::filesystem::path state_file(const Home& home) {
  return home.path() / "state" / "cartpilot" / "state.db";
}

std::size_t orders_of(LoopbackShop& shop) {
  return shop.with_fake([](purchase::FakeCartPilot& fake) { return fake.orders().size(); });
}

}  // namespace cartpilot::e2e
