// `cartpilot sandbox` as a person starts it: its flags, and what it says.
#include <gmock/gmock.h>

#include <csignal>
#include <fstream>

#include "e2e/program.h"
#include "unit/sandbox/raw_http.h"

namespace cartpilot::sandbox {
namespace {

using e2e::Home;
using e2e::Program;
using testing::AllOf;
using testing::HasSubstr;

int port_in(const std::string& url) { return std::stoi(url.substr(url.rfind(':') + 1)); }

// Starts it with `flags` on any port and any merchant B port.
struct Running {
  explicit Running(const Home& home, std::vector<std::string> flags)
      : program(home, with_ports(std::move(flags))) {
    api = port_in(program.wait_for_match("http://127.0.0.1:[0-9]+"));
    shop = port_in(program.wait_for_match("merchant-b on http://127.0.0.1:[0-9]+"));
  }
  static std::vector<std::string> with_ports(std::vector<std::string> flags) {
    std::vector<std::string> words = {"sandbox", "--port", "0", "--merchant-b-port", "0"};
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
  }
  Json chaos() { return RawHttp(shop).send("GET", "/chaos/config", {}).json(); }

  Program program;
  int api = 0;
  int shop = 0;
};

TEST(SandboxCommand, switches_chaos_on_and_remembers_it_until_told_otherwise) {
  const Home home;
  {
    Running sandbox(home, {"--chaos", "price_change, out_of_stock", "--seed", "7"});
    sandbox.program.wait_for("chaos at merchant-b: price_change, out_of_stock");
    EXPECT_EQ(sandbox.chaos().at("scenarios").at("out_of_stock"), true);
    EXPECT_EQ(sandbox.chaos().at("scenarios").at("delayed_webhook"), false);
    sandbox.program.signal(SIGKILL);
  }
  {
    Running sandbox(home, {});
    sandbox.program.wait_for("--chaos none switches it off");
  }
  Running sandbox(home, {"--chaos", "none"});
  EXPECT_EQ(sandbox.chaos().at("enabled"), false);
}

TEST(SandboxCommand, refuses_a_scenario_it_does_not_know) {
  const Home home;
  const e2e::Result result = e2e::run(home, {"sandbox", "--port", "0", "--chaos", "earthquake"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, AllOf(HasSubstr("no chaos scenario 'earthquake'"),
                                HasSubstr("out_of_order_webhook")));
}

TEST(SandboxCommand, strict_looks_at_the_key_before_it_replays) {
  for (const bool strict : {false, true}) {
    const Home home;
    Running sandbox(home,
                    strict ? std::vector<std::string>{"--strict"} : std::vector<std::string>{});
    RawHttp http(sandbox.api);
    HttpHeaders headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", "k"}};
    HttpHeaders with_key = headers;
    with_key.emplace_back("Authorization", "Bearer dev-api-key-change-in-production");
    EXPECT_EQ(http.send("POST", "/intents", with_key, R"({"query":"a"})").status, 201);
    EXPECT_EQ(http.send("POST", "/intents", headers, R"({"query":"a"})").status,
              strict ? 401 : 201);
  }
}

TEST(SandboxCommand, refuses_a_damaged_database_with_a_word_on_what_to_do) {
  const Home home;
  const std::string path = (home.path() / "notes.db").string();
  std::ofstream(path) << "these are notes and not a database, whatever the name says\n";
  const e2e::Result result = e2e::run(home, {"sandbox", "--port", "0", "--db", path});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr(path), HasSubstr("give another file with --db")));
}

}  // namespace
}  // namespace cartpilot::sandbox
