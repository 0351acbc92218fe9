// One key, in every spelling, through every door by which it can come back into the program, looked
// for at every exit.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>

#include "base/encoding.h"
#include "e2e/program.h"
#include "fakes/loopback_server.h"

namespace cartpilot::e2e {
namespace {

using fakes::LoopbackServer;

const std::string kKey = "kanarie/Key+31=4159~26535";
const std::string kZeroWidth = "\xE2\x80\x8B";

std::string coded(const char* form, bool all = true) {
  std::string text;
  for (const char c : kKey) {
    const auto byte = static_cast<unsigned char>(c);
    text +=
        all || std::isalnum(byte) == 0 ? fmt::format(fmt::runtime(form), byte) : std::string(1, c);
  }
  return text;
}

std::vector<std::string> spellings() {
  std::string hidden;
  for (const char c : kKey) hidden += (hidden.empty() ? "" : kZeroWidth) + c;
  std::vector<std::string> all = {
      kKey,   coded("%{:02x}"),   coded("%{:02X}", false), coded("%{:02x}", false),
      hidden, coded("\\u{:04x}"), coded("{:02x}")};
  for (const char* const before : {"", "x", "xy", "user:"}) {
    std::string text = base::base64(before + kKey);
    all.push_back(text);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    all.push_back(text);
  }
  return all;
}

std::string joined_spellings() { return fmt::format("{}", fmt::join(spellings(), " , ")); }

/// What of the key is still in `text`: for each spelling a piece that only it has. Escapes that a
/// JSON file adds are undone first.
std::string left_in(std::string text) {
  const auto replace = [&text](const std::string& what, const std::string& with) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
      text.replace(at, what.size(), with);
    }
  };
  replace("\\\\", "\\");
  replace("\\/", "/");
  for (const std::string& unseen : {kZeroWidth, std::string("\\u200b"), std::string("\\u{200b}")}) {
    replace(unseen, "");
  }
  std::string found;
  for (std::string spelling : spellings()) {
    if (spelling.find(kZeroWidth) != std::string::npos) continue;  // is the key by now
    for (const std::size_t at : {spelling.size() / 4, spelling.size() / 2}) {
      const std::string piece = spelling.substr(at, 13);
      if (text.find(piece) != std::string::npos) found += " " + piece;
    }
  }
  return found;
}

std::string file_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Json calls_message(const std::vector<std::pair<std::string, Json>>& calls) {
  Json list = Json::array();
  for (const auto& [name, arguments] : calls) {
    list.push_back({{"id", fmt::format("call{}", list.size())},
                    {"type", "function"},
                    {"function", {{"name", name}, {"arguments", dump_json(arguments)}}}});
  }
  return {{"role", "assistant"}, {"content", nullptr}, {"tool_calls", list}};
}

Json text_message(const std::string& text) { return {{"role", "assistant"}, {"content", text}}; }

/// Two servers that say what a door wants them to, and how the program is started for it.
struct Scenario {
  Scenario()
      : vendor([this](const LoopbackServer::Request&, LoopbackServer::Reply& reply) {
          if (refusal) return reply.send(401, kJson, dump_json(*refusal));
          const std::size_t step = next++;
          const Json said = step < steps.size() ? steps[step] : text_message("done");
          const bool calls = said.contains("tool_calls");
          reply.send(200, kJson,
                     dump_json({{"id", "x"},
                                {"object", "chat.completion"},
                                {"created", 1},
                                {"model", "m"},
                                {"choices", Json::array({Json{
                                                {"index", 0},
                                                {"message", said},
                                                {"finish_reason", calls ? "tool_calls" : "stop"},
                                            }})}}));
        }),
        shop([this](const LoopbackServer::Request&, LoopbackServer::Reply& reply) {
          reply.send(shop_status, kJson, dump_json(shop_answer));
        }) {
    environment = {{"OPENAI_BASE_URL", vendor.url() + "/v1"},
                   {"OPENAI_API_KEY", kKey},
                   {"CARTPILOT_API_URL", shop.url()}};
  }

  std::vector<std::string> words(const std::vector<std::string>& more) {
    next = 0;
    std::vector<std::string> all = {"chat", "--provider", "openai", "--model", "m", "--no-stream"};
    all.insert(all.end(), options.begin(), options.end());
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  static inline const HttpHeaders kJson = {{"Content-Type", "application/json"}};

  Home home;
  Home elsewhere;  ///< for files that are no state of the program
  Environment environment;
  std::vector<std::string> options;
  std::string message = "hello";
  bool on_a_terminal = true;  ///< also
  std::vector<Json> steps;
  std::optional<Json> refusal;
  int shop_status = 404;
  Json shop_answer = {{"error_code", "NOT_FOUND"}, {"message", "no"}, {"details", Json::array()}};
  std::atomic<std::size_t> next{0};
  LoopbackServer vendor;
  LoopbackServer shop;
};

struct Door {
  const char* name;
  std::function<void(Scenario&)> open;
};

void speak_as_model(Scenario& scenario) {
  std::vector<std::pair<std::string, Json>> calls;
  for (const std::string& spelling : spellings()) {
    calls.emplace_back("create_intent", Json{{"query", "lamp " + spelling}});
  }
  for (const std::string& spelling : {kKey, coded("%{:02x}")}) {
    calls.emplace_back("f_" + spelling, Json{{spelling, spelling}});
  }
  Json answer = calls_message(calls);
  answer["content"] = "Here: " + joined_spellings();
  scenario.steps = {answer, text_message("Again: " + joined_spellings())};
}

const std::vector<Door> kDoors = {
    {"model", speak_as_model},
    {"shop",
     [](Scenario& scenario) {
       scenario.environment["OPENAI_API_KEY"] = "another-key-of-the-vendor";
       scenario.environment["CARTPILOT_API_KEY"] = kKey;
       Json names = Json::object();
       for (const std::string& spelling : spellings()) names["h " + spelling] = spelling;
       scenario.shop_status = 400;
       scenario.shop_answer = {
           {"error_code", "ECHO"},
           {"message", std::string(975, 'p') + joined_spellings()},
           {"details",
            Json::array({Json{{"field", joined_spellings()}, {"message", joined_spellings()}}})},
           {"request_id", kKey},
           {"headers", names}};
       scenario.steps = {calls_message(
           {{"create_intent", {{"query", "lamp"}}}, {"get_offer_details", {{"offer_id", "o1"}}}})};
     }},
    {"shop, well formed",
     [](Scenario& scenario) {
       scenario.environment["OPENAI_API_KEY"] = "another-key-of-the-vendor";
       scenario.environment["CARTPILOT_API_KEY"] = kKey;
       Json metadata = Json::object();
       for (const std::string& spelling : spellings()) metadata["h " + spelling] = spelling;
       metadata["long"] = std::string(13, 'x') +
                          fmt::format("{}", fmt::join(std::vector<std::string>(3000, kKey), ""));
       scenario.shop_status = 200;
       scenario.shop_answer = {{"id", "o1"},
                               {"intent_id", "i1"},
                               {"merchant_id", "merchant-a"},
                               {"items", Json::array()},
                               {"lowest_price", nullptr},
                               {"highest_price", nullptr},
                               {"expires_at", nullptr},
                               {"is_expired", false},
                               {"metadata", metadata},
                               {"created_at", "2026-01-01T00:00:00Z"}};
       scenario.steps = {calls_message({{"get_offer_details", {{"offer_id", "o1"}}}})};
     }},
    {"plugin",
     [](Scenario& scenario) {
       const std::filesystem::path list = scenario.elsewhere.path() / "spellings";
       std::ofstream(list) << fmt::format("{}", fmt::join(spellings(), "\n"));
       scenario.environment["OPENAI_API_KEY"] = "another-key-of-the-vendor";
       scenario.environment["CANARY_KEY"] = kKey;
       scenario.environment["CANARY_SPELLINGS"] = list.string();
       scenario.options = {"--plugin", CARTPILOT_CANARY_PLUGIN};
       scenario.steps = {
           calls_message({{"canary_tell", Json::object()}, {"canary_fail", Json::object()}})};
     }},
    {"settings",
     [](Scenario& scenario) {
       const std::filesystem::path key = scenario.elsewhere.path() / "key";
       const std::filesystem::path config = scenario.elsewhere.path() / "config.toml";
       std::ofstream(key) << kKey << "\n";
       ::chmod(key.c_str(), S_IRUSR | S_IWUSR);
       std::ofstream(config) << "[keys]\nOPENAI_API_KEY = { file = \"" << key.string() << "\" }\n";
       scenario.environment.erase("OPENAI_API_KEY");
       scenario.options = {"--config", config.string()};
       speak_as_model(scenario);
     }},
    {"settings of other servers",
     [](Scenario& scenario) {
       const std::filesystem::path config = scenario.elsewhere.path() / "config.toml";
       std::ofstream(config) << "[mcp_servers.files]\ncommand = [\"/bin/cat\"]\n"
                             << "env = { FILES_TOKEN = \"" << kKey << "\" }\n";
       scenario.environment["OPENAI_API_KEY"] = "another-key-of-the-vendor";
       scenario.options = {"--config", config.string()};
       scenario.on_a_terminal = false;  // it would ask about the server first
       speak_as_model(scenario);
     }},
    {"prompt", [](Scenario& scenario) { scenario.message = "My keys are " + joined_spellings(); }},
    {"environment",
     [](Scenario& scenario) {
       scenario.refusal = Json{{"error",
                                {{"message", std::string(930, 'p') + " " + joined_spellings()},
                                 {"type", joined_spellings()},
                                 {"code", kKey}}}};
     }},
};

std::string bodies_of(const LoopbackServer& server) {
  std::string all;
  for (const LoopbackServer::Request& request : server.requests()) {
    all += request.target + "\n" + request.body + "\n";
  }
  return all;
}

/// Everything that leaves the program, by exit.
std::map<std::string, std::string> exits_of(Scenario& scenario) {
  std::map<std::string, std::string> exits;
  const std::string recording = (scenario.elsewhere.path() / "recording").string();
  const auto run_with = [&](const std::vector<std::string>& words) {
    return run(scenario.home, words, "", scenario.environment);
  };
  const Result text = run_with(scenario.words(
      {"--session", "s1", "--log-level", "debug", "--record", recording, scenario.message}));
  exits["screen"] = text.out;
  exits["logs"] = text.err;
  exits["recordings"] = file_text(recording);
  const Result jsonl =
      run_with(scenario.words({"--session", "s2", "--output", "jsonl", scenario.message}));
  exits["JSONL"] = jsonl.out + jsonl.err;
  for (const char* format : {"json", "md"}) {
    exits["exports"] += run_with({"sessions", "export", "s1", "--format", format}).out;
  }
  exits["exports"] += run_with({"sessions", "show", "s2"}).out + run_with({"sessions", "list"}).out;
  if (scenario.on_a_terminal) {
    Program program(scenario.home, scenario.words({"--session", "s3"}), scenario.environment, true);
    program.wait_for_prompt();
    program.write(scenario.message + "\n");
    program.wait_for_prompt();
    program.write("/quit\n");
    program.finish();
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(scenario.home.path())) {
    if (!entry.is_regular_file()) continue;
    const bool history = entry.path().filename().string().find("history") != std::string::npos;
    exits[history ? "history" : "state files"] += file_text(entry.path());
  }
  exits["requests"] = bodies_of(scenario.vendor) + bodies_of(scenario.shop);
  return exits;
}

TEST(Canary, comes_through_every_door_and_leaves_by_no_exit) {
  for (const Door& door : kDoors) {
    Scenario scenario;
    door.open(scenario);
    const auto exits = exits_of(scenario);
    ASSERT_EQ(exits.size(), scenario.on_a_terminal ? 8U : 7U) << door.name;
    for (const auto& [exit, text] : exits) {
      // A refused request shows no answer; a turn without incidents logs nothing.
      const bool may_be_empty = exit == "screen" || exit == "logs";
      EXPECT_TRUE(may_be_empty || !text.empty()) << door.name << ": nothing came to " << exit;
      EXPECT_EQ(left_in(text), "") << door.name << " -> " << exit;
    }
    std::string all;
    for (const auto& [exit, text] : exits) all += text;
    EXPECT_NE(all.find("[redacted]"), std::string::npos) << door.name << ": the key never came";
    // The key did its work.
    const auto used = scenario.vendor.requests();
    ASSERT_FALSE(used.empty()) << door.name;
  }
}

TEST(Canary, is_gone_from_the_environment_before_a_plugin_is_loaded) {
  Scenario scenario;
  const auto plugin = std::find_if(kDoors.begin(), kDoors.end(), [](const Door& door) {
    return std::string(door.name) == "plugin";
  });
  plugin->open(scenario);
  scenario.environment["SOMEBODY_ELSES"] = "somebody-elses-value";
  scenario.environment["https_proxy"] =
      "http://shopper:" + std::string(kKey) + "@proxy.example:3128";
  const Result result =
      run(scenario.home, scenario.words({"--output", "jsonl", "hello"}), "", scenario.environment);
  const auto told = of_type(json_lines(result.out), "tool_result");
  ASSERT_EQ(told.size(), 2U) << result.out << result.err;
  EXPECT_EQ(string_or(told[0]["result"], "given"), "CANARY_KEY CANARY_SPELLINGS ");
  EXPECT_EQ(string_or(told[0]["result"], "found"), "");
}

TEST(Canary, is_recognised_by_this_test_in_every_spelling) {
  for (const std::string& spelling : spellings()) {
    EXPECT_NE(left_in("a " + spelling + " b"), "") << spelling;
    EXPECT_NE(left_in(dump_json(Json{{spelling, 1}})), "") << spelling;
  }
}

}  // namespace
}  // namespace cartpilot::e2e
