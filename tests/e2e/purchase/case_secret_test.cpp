// Cases 81 to 84: keys, plugins and the budget. The numbers are those of docs/purchases.md.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <thread>

#include "fakes/openai.h"
#include "gate_world.h"
#include "shop_and_model.h"

namespace cartpilot::e2e {
namespace {

using purchase::code_of;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kShopKey = "canary-cartpilot-key-31415926";
constexpr const char* kModelKey = "canary-model-key-27182818284";

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Every place below `folder` whose bytes hold a canary.
std::vector<std::string> leaks_below(const std::filesystem::path& folder) {
  std::vector<std::string> leaks;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && bytes_of(entry.path()).find("canary") != std::string::npos) {
      leaks.push_back(entry.path().string());
    }
  }
  return leaks;
}

/// The n-th step for the n-th request; after the last one, "done".
fakes::Model script(std::vector<fakes::ModelStep> steps) {
  auto next = std::make_shared<std::atomic<std::size_t>>(0);
  return [steps = std::move(steps), next](const fakes::ModelView&) {
    const std::size_t at = (*next)++;
    return at < steps.size() ? steps[at] : fakes::ModelStep{"done", {}};
  };
}

fakes::FakeOpenAiOptions with_canary() {
  fakes::FakeOpenAiOptions options;
  options.key = kModelKey;
  options.piece_bytes = 5;
  return options;
}

Environment canaries(const fakes::FakeOpenAi& vendor) {
  return {{"OPENAI_API_KEY", kModelKey},
          {"OPENAI_BASE_URL", vendor.base_url()},
          {"CARTPILOT_API_KEY", kShopKey},
          {"GEMINI_API_KEY", "canary-of-another-vendor-1618"}};
}

TEST(PurchaseCase, case_81_keys_stay_in_the_process_and_die_with_it) {
  LoopbackShop shop;
  fakes::FakeOpenAi vendor(script(buying_steps()), with_canary());
  const Home home;
  std::vector<std::string> words =
      chat_words(shop.url(), {"--log-level", "debug", "--session", "s1", "buy it"});
  words.insert(words.begin(), "cartpilot");
  TerminalProgram program(home, words, canaries(vendor));
  const std::string yes = program.wait_for_question("86.38");
  const std::filesystem::path process = "/proc/" + std::to_string(program.id());
  for (const char* entry : {"cmdline", "environ", "comm", "status", "maps"}) {
    EXPECT_THAT(bytes_of(process / entry), Not(HasSubstr("canary"))) << entry;
  }
  EXPECT_THAT(bytes_of(process / "limits"), testing::ContainsRegex("Max core file size +0 +0"));
  program.type(yes);
  program.wait_for("[cartpilot] BOUGHT");
  EXPECT_EQ(program.finish(), 0);
  EXPECT_THAT(program.screen(), Not(HasSubstr("canary")));
  EXPECT_TRUE(leaks_below(home.path()).empty());
  // The keys did their work.
  EXPECT_EQ(header_value(shop.requests().front().headers, "Authorization"),
            std::string("Bearer ") + kShopKey);
  EXPECT_TRUE(vendor.violations().empty());

  // Errors of every kind: a vendor and a CartPilot that say no, and nobody there at all.
  for (const char* url : {"http://127.0.0.1:1", "http://127.0.0.1:9/v1"}) {
    Environment environment = canaries(vendor);
    environment["OPENAI_BASE_URL"] = url;
    const Result failed =
        run(home, chat_words(url, {"--log-level", "debug", "hello"}), "", environment);
    EXPECT_NE(failed.exit_code, 0);
    EXPECT_THAT(failed.out + failed.err, Not(HasSubstr("canary")));
  }
  const Result refused = run(home, {"tools", "call", "list_orders", "--api-url", vendor.base_url()},
                             "", canaries(vendor));
  EXPECT_THAT(refused.out + refused.err, Not(HasSubstr("canary")));

  // A crash leaves no core file, however generous the limit.
  for (const int number : {SIGSEGV, SIGABRT}) {
    LoopbackShop other;
    fakes::FakeOpenAi model(script(buying_steps()), with_canary());
    const Home crashed;
    TerminalProgram crashing(
        crashed,
        {"/bin/sh", "-c",
         "ulimit -c unlimited; exec " + shell_command(chat_words(other.url(), {"buy it"}))},
        canaries(model));
    crashing.wait_for_question("86.38");
    crashing.signal(number);
    EXPECT_EQ(crashing.finish(), 128 + number);
    EXPECT_FALSE(crashing.dumped_core());
    EXPECT_TRUE(leaks_below(crashed.path()).empty());
  }
}

TEST(PurchaseCase, case_82_a_key_that_comes_back_reaches_neither_model_nor_screen_nor_disk) {
  LoopbackShop shop;
  shop.with_fake([](purchase::FakeCartPilot& fake) {
    fake.title = std::string("Mug ") + kShopKey + " and " + kModelKey;
    return 0;
  });
  std::vector<fakes::ModelStep> steps = prepare_steps();
  steps.push_back({std::string("Your keys are ") + kShopKey + " " + kModelKey, {}});
  steps.push_back({"bye", {}});
  fakes::FakeOpenAi vendor(script(std::move(steps)), with_canary());
  for (const char* output : {"text", "jsonl"}) {
    const Home home;
    const Result result =
        run(home, chat_words(shop.url(), {"--output", output}),
            std::string("what is ") + kShopKey + "?\nand now?\n", canaries(vendor));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out + result.err, Not(HasSubstr("canary")));
    if (output == std::string("jsonl")) {
      EXPECT_THAT(result.out, HasSubstr("what is [redacted]?"));
    } else {
      EXPECT_THAT(result.out, HasSubstr("Your keys are [redacted] [redacted]"));
    }
    EXPECT_TRUE(leaks_below(home.path()).empty());
  }
  for (const auto& request : vendor.requests()) {
    EXPECT_THAT(request.body, Not(HasSubstr("canary"))) << request.body;
  }
  // The receipt is no way out either.
  LoopbackShop tempting;
  tempting.with_fake([](purchase::FakeCartPilot& fake) {
    fake.title = std::string("Mug ") + kShopKey;
    return 0;
  });
  fakes::FakeOpenAi model(script(buying_steps()), with_canary());
  const Home home;
  std::vector<std::string> words = chat_words(tempting.url(), {"buy it"});
  words.insert(words.begin(), "cartpilot");
  TerminalProgram program(home, words, canaries(model));
  program.wait_for_question("86.38");
  program.type("no\n");
  program.finish();
  EXPECT_THAT(program.screen(), Not(HasSubstr("canary")));
}

TEST(PurchaseCase, case_83_plugins_come_from_trusted_places_and_get_no_handle_on_money) {
  const Home home;
  // Relative places are never searched.
  std::filesystem::copy_file(std::filesystem::path(CARTPILOT_TEST_PLUGINS) / "cartpilot-toolbox.so",
                             home.path() / "cartpilot-toolbox.so");
  const Result relative =
      run(home, {"plugin", "list", "--json"}, "", {{"CARTPILOT_PLUGIN_PATH", ".:plugins:../x"}});
  EXPECT_THAT(relative.out, Not(HasSubstr("toolbox")));
  EXPECT_THAT(relative.err, HasSubstr("absolute path"));
  // A file or a folder that others may write is refused, wherever it lies.
  struct Row {
    mode_t folder;
    mode_t file;
    const char* status;
  };
  for (const Row& row :
       {Row{0755, 0644, "ok"}, Row{0777, 0644, "refused"}, Row{0755, 0666, "refused"}}) {
    const std::filesystem::path folder = home.path() / "plugins";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
    const std::filesystem::path file = folder / "cartpilot-toolbox.so";
    std::filesystem::copy_file(
        std::filesystem::path(CARTPILOT_TEST_PLUGINS) / "cartpilot-toolbox.so", file);
    ASSERT_EQ(::chmod(file.c_str(), row.file), 0);
    ASSERT_EQ(::chmod(folder.c_str(), row.folder), 0);
    const Result listed =
        run(home, {"plugin", "list", "--json"}, "", {{"CARTPILOT_PLUGIN_PATH", folder.string()}});
    std::string status = "absent";
    for (const Json& plugin : parse_json(listed.out)) {
      if (string_or(plugin, "file") == file.string()) status = string_or(plugin, "status");
    }
    EXPECT_EQ(status, row.status) << std::oct << row.folder << " " << row.file << listed.out;
  }
  // LD_PRELOAD-style names are just variables to us: a plugin sees what its manifest names, and no
  // manifest of ours names CartPilot's key.
  for (const char* name : {"gemini", "openai", "offline"}) {
    const Result info = run(home, {"plugin", "info", name, "--json"});
    EXPECT_EQ(info.exit_code, 0) << info.err;
    EXPECT_THAT(info.out, Not(HasSubstr("CARTPILOT_API_KEY")));
  }
  // The program offers no symbol of the gate, the client or the database to what it loads.
  std::string symbols;
  FILE* const listing = ::popen("nm -D --defined-only " CARTPILOT_PROGRAM, "r");
  ASSERT_NE(listing, nullptr);
  char block[4096];
  for (std::size_t got = 0; (got = std::fread(block, 1, sizeof block, listing)) > 0;) {
    symbols.append(block, got);
  }
  EXPECT_EQ(::pclose(listing), 0);
  for (const char* part : {"PurchaseGate", "CartPilotClient", "StateDb", "PurchaseJournal"}) {
    EXPECT_THAT(symbols, Not(HasSubstr(part)));
  }
}

TEST(PurchaseCase, case_84_ten_programs_cannot_overspend_one_budget_nor_can_a_restart_or_midnight) {
  constexpr std::int64_t kLimit = 1'000'000;  // 10,000.00
  LoopbackShop shop;
  const Home home;
  std::filesystem::create_directories(state_file(home).parent_path());
  const auto run_ten = [&](int times) {
    std::vector<std::FILE*> programs;
    for (int who = 1; who <= 10; ++who) {
      const std::string command =
          std::string(CARTPILOT_BUY_MANY) + " " + state_file(home).string() + " " + shop.url() +
          " " + std::to_string(who) + " " + std::to_string(times) + " " + std::to_string(kLimit);
      programs.push_back(::popen(command.c_str(), "r"));
    }
    std::int64_t sum = 0;
    for (std::FILE* program : programs) {
      long long bought = -1;
      EXPECT_EQ(std::fscanf(program, "%lld", &bought), 1);
      EXPECT_EQ(::pclose(program), 0);
      sum += bought;
    }
    return sum;
  };
  const auto truth = [&] {
    return shop.with_fake([](purchase::FakeCartPilot& fake) {
      std::int64_t sum = 0;
      for (const Json& order : fake.orders()) sum += order["total"]["amount"].get<std::int64_t>();
      return sum;
    });
  };
  const std::int64_t said = run_ten(100);
  EXPECT_EQ(said, truth());
  EXPECT_LE(truth(), kLimit);  // overspent by nothing
  EXPECT_GT(truth(), kLimit / 2);
  RecordProperty("spent_cents", static_cast<int>(truth()));
  run_ten(1);  // all of them start again
  EXPECT_LE(truth(), kLimit);
  EXPECT_EQ(run(home, {"purchases", "verify"}).exit_code, 0);

  // Through the program, over a restart.
  LoopbackShop small;
  const Home other;
  EXPECT_EQ(
      run(other, handle_words(small.url(), {"--limit-day", "100:USD"}), buying_lines(1)).exit_code,
      0);
  const Result over =
      run(other, handle_words(small.url(), {"--limit-day", "100:USD"}), buying_lines(2, "mug"));
  EXPECT_EQ(over.exit_code, 11);
  EXPECT_THAT(over.err, HasSubstr("--limit-day"));
  EXPECT_EQ(
      run(other, handle_words(small.url(), {"--limit-day", "200:EUR"}), buying_lines(3, "mug"))
          .exit_code,
      11);
  EXPECT_EQ(
      run(other, handle_words(small.url(), {"--limit-day", "200:USD"}), buying_lines(4, "mug"))
          .exit_code,
      0);

  // Two minutes around midnight are no two days; 24 hours are.
  purchase::GateWorld world;
  world.policy.limits.day = {10'000, "USD"};
  world.restart();
  world.clock.passed_ms = (23 * 60 + 10) * 60'000;  // 23:59:28
  const auto buy = [&](const char* product) {
    const std::string id = world.prepare(product);
    world.server.checkout(id)["expires_at"] = "2027-01-01T00:00:00Z";
    world.gate->begin_turn();
    world.approve(id);
    return world.confirm(id);
  };
  EXPECT_TRUE(buy("headphones").ok);
  world.clock.passed_ms += 2 * 60'000;
  EXPECT_FALSE(buy("mug").ok);
  EXPECT_EQ(world.end(), purchase::PurchaseEnd::kRefused);
  world.clock.passed_ms += 24 * 60 * 60'000;
  EXPECT_TRUE(buy("mug").ok);
}

}  // namespace
}  // namespace cartpilot::e2e
