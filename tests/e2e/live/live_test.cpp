// scripts/live: the purchase it would make with a real model, held with the pretend vendors.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <regex>

#include "cartpilot/testing/run_cli.h"
#include "fakes/anthropic.h"
#include "fakes/gemini.h"
#include "fakes/openai.h"
#include "thrifty_model.h"

namespace cartpilot::e2e {
namespace {

namespace fs = std::filesystem;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Environment = std::map<std::string, std::string>;
using Words = std::vector<std::string>;

constexpr const char* kKey = "key-that-must-not-leak-0123456789";

/// The folder of one run.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "cartpilot-live-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    parent_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(parent_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  fs::path path() const { return parent_ / "run"; }

 private:
  fs::path parent_;
};

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

testing::CliResult live(Words words, const Folder& folder, Environment environment) {
  words.insert(words.end(), {"--folder", folder.path().string()});
  environment["CARTPILOT_PROGRAM"] = CARTPILOT_PROGRAM;
  return testing::run_cli(CARTPILOT_SOURCES "/scripts/live", words, "", environment);
}

std::size_t model_requests(const std::vector<fakes::LoopbackServer::Request>& requests) {
  return static_cast<std::size_t>(
      std::count_if(requests.begin(), requests.end(),
                    [](const auto& request) { return request.method == "POST"; }));
}

/// What a run with a vendor that is bought from shows.
void expect_live_purchase(const testing::CliResult& run, const Folder& folder,
                          const std::string& variable) {
  ASSERT_EQ(run.exit_code, 0) << run.out << run.err << text_of(folder.path() / "events.jsonl");
  EXPECT_EQ(run.err, "");
  EXPECT_THAT(run.out, ContainsRegex("live: bought [A-Z0-9-]+ for [0-9]+ USD minor units of play"));
  // Nothing that a fake answered is called recorded.
  EXPECT_THAT(run.out,
              HasSubstr("not marked as recorded, because another server answered (" + variable));
  EXPECT_FALSE(fs::exists(folder.path() / "fixtures"));
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    left.push_back(entry.path().filename().string());
    EXPECT_THAT(text_of(entry.path()), Not(HasSubstr(kKey))) << entry.path();
  }
  EXPECT_THAT(left, ::testing::UnorderedElementsAre("run.jsonl", "events.jsonl", "errors.txt",
                                                    "instructions.txt"));
  const testing::CliResult replay =
      testing::run_cli({"replay", "--check", (folder.path() / "run.jsonl").string()});
  EXPECT_EQ(replay.exit_code, 0) << replay.err;

  // Eight requests, and the cost follows from the tokens: 1 USD per million in, 5 out.
  std::smatch used;
  ASSERT_TRUE(std::regex_search(
      run.out, used,
      std::regex(": 8 requests, ([0-9]+) tokens in, ([0-9]+) tokens out, about ([0-9.e-]+) USD")))
      << run.out;
  const double millionths = std::stod(used[1]) + 5 * std::stod(used[2]);
  EXPECT_GT(millionths, 0);
  EXPECT_NEAR(std::stod(used[3]) * 1e6, millionths, 0.5);
}

TEST(Live, gemini_buys_in_eight_requests) {
  fakes::FakeGeminiOptions options;
  options.api_key = kKey;
  const fakes::FakeGemini vendor(thrifty_model, options);
  const Folder folder;
  expect_live_purchase(live({"gemini", "--price", "1:5"}, folder,
                            {{"GOOGLE_API_KEY", kKey}, {"GEMINI_BASE_URL", vendor.url()}}),
                       folder, "GEMINI_BASE_URL=");
  EXPECT_EQ(model_requests(vendor.requests()), 8U);
  for (const Json& body : vendor.bodies()) {
    EXPECT_EQ(body.at("generationConfig").at("maxOutputTokens"), 300);
  }
  EXPECT_THAT(vendor.violations(), IsEmpty());
}

TEST(Live, openai_buys_in_eight_requests) {
  fakes::FakeOpenAiOptions options;
  options.key = kKey;
  const fakes::FakeOpenAi vendor(thrifty_model, options);
  const Folder folder;
  expect_live_purchase(
      live({"openai", "--price", "1:5", "--model", "gpt-6.1-terra", "--provider-option",
            "server=openai"},
           folder, {{"OPENAI_API_KEY", kKey}, {"OPENAI_BASE_URL", vendor.base_url()}}),
      folder, "OPENAI_BASE_URL=");
  EXPECT_EQ(model_requests(vendor.requests()), 8U);
  for (const Json& body : vendor.bodies()) EXPECT_EQ(body.at("max_output_tokens"), 300);
  EXPECT_THAT(vendor.violations(), IsEmpty());
}

TEST(Live, anthropic_buys_in_eight_requests) {
  fakes::FakeAnthropicOptions options;
  options.key = kKey;
  const fakes::FakeAnthropic vendor(thrifty_model, options);
  const Folder folder;
  expect_live_purchase(
      live({"anthropic", "--price", "1:5", "--provider-option", "server=anthropic"}, folder,
           {{"ANTHROPIC_API_KEY", kKey}, {"ANTHROPIC_BASE_URL", vendor.base_url()}}),
      folder, "ANTHROPIC_BASE_URL=");
  EXPECT_EQ(model_requests(vendor.requests()), 8U);
  for (const Json& body : vendor.bodies()) EXPECT_EQ(body.at("max_tokens"), 300);
  EXPECT_THAT(vendor.violations(), IsEmpty());
}

TEST(Live, a_model_that_asks_for_ever_more_calls_is_stopped_at_eight_requests) {
  fakes::FakeGeminiOptions options;
  options.api_key = kKey;
  const fakes::FakeGemini vendor(endless_model, options);
  const Folder folder;
  const testing::CliResult run =
      live({"gemini"}, folder, {{"GEMINI_API_KEY", kKey}, {"GEMINI_BASE_URL", vendor.url()}});
  EXPECT_EQ(run.exit_code, 1) << run.out;
  EXPECT_THAT(run.err, HasSubstr("the limit of 8 model requests in this run is reached"));
  EXPECT_THAT(run.err, HasSubstr("live: nothing was bought\n"));
  EXPECT_THAT(run.out, HasSubstr(": 8 requests, "));
  EXPECT_THAT(run.out, HasSubstr("cost not known (pass --price)"));
  EXPECT_EQ(model_requests(vendor.requests()), 8U);
}

TEST(Live, answers_without_a_limit_are_told) {
  fakes::FakeGeminiOptions options;
  options.api_key = kKey;
  fakes::FakeGemini vendor(thrifty_model, options);
  vendor.play(fakes::GivenAnswer::json(
      400, {{"error",
             {{"code", 400},
              {"status", "INVALID_ARGUMENT"},
              {"message",
               "Invalid JSON payload received. Unknown name \"maxOutputTokens\" at "
               "'generation_config': Cannot find field."}}}}));
  const Folder folder;
  const testing::CliResult run =
      live({"gemini"}, folder, {{"GEMINI_API_KEY", kKey}, {"GEMINI_BASE_URL", vendor.url()}});
  EXPECT_EQ(run.exit_code, 1) << run.out;
  EXPECT_THAT(run.err, HasSubstr("requests were sent without the limit of 300 output tokens"));
  EXPECT_EQ(model_requests(vendor.requests()), 8U);
}

TEST(Live, without_a_key_says_what_it_would_do_and_sends_nothing) {
  const std::map<std::string, std::string> keys = {
      {"gemini", "GEMINI_API_KEY GOOGLE_API_KEY"},
      {"openai", "OPENAI_API_KEY AZURE_OPENAI_API_KEY"},
      {"anthropic", "ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN"}};
  for (const auto& [provider, names] : keys) {
    SCOPED_TRACE(provider);
    const Folder folder;
    const testing::CliResult run = live({provider, "--price", "2:10"}, folder, {});
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_EQ(run.err, "");
    EXPECT_EQ(run.out,
              fmt::format("live: no key is set ({}); nothing was sent\n"
                          "live: with one, it would talk to {} at its own service and say:\n"
                          "live:     I need wireless headphones under $100\n"
                          "live:     buy the cheapest\n"
                          "live:     yes\n"
                          "live: it would buy from the embedded sandbox only (play money), for at "
                          "most 150 USD\n"
                          "live: it would send at most 8 requests, each for at most 300 output "
                          "tokens\n"
                          "live: the answers would cost at most 0.024 USD; what is sent comes on "
                          "top\n"
                          "live: it would record the traffic in {}/run.jsonl\n",
                          names, provider, folder.path().string()));
    EXPECT_FALSE(fs::exists(folder.path()));
  }
}

TEST(Live, refuses_a_real_cartpilot_and_what_it_does_not_know) {
  const fakes::FakeGemini vendor(thrifty_model);
  const Environment environment = {{"GEMINI_API_KEY", kKey}, {"GEMINI_BASE_URL", vendor.url()}};
  const auto refusal = [&](const Words& words, Environment variables) {
    const Folder folder;
    const testing::CliResult run = live(words, folder, std::move(variables));
    EXPECT_EQ(run.exit_code, 2) << run.out;
    EXPECT_EQ(run.out, "");
    EXPECT_FALSE(fs::exists(folder.path()));
    return run.err;
  };
  Environment real = environment;
  real["CARTPILOT_API_URL"] = "https://shop.example";
  EXPECT_EQ(refusal({"gemini"}, real),
            "live: CARTPILOT_API_URL is set (https://shop.example); a real CartPilot is never "
            "bought from here: unset it\n");
  EXPECT_EQ(refusal({"gemini", "--api-url", "https://shop.example"}, environment),
            "live: --api-url is not taken: only the embedded sandbox is bought from\n");
  EXPECT_THAT(refusal({"gemini", "--approve", "up-to:9999:USD"}, environment),
              HasSubstr("unknown argument --approve"));
  EXPECT_THAT(refusal({"gemini", "--provider-option", "max-output-tokens=9000"}, environment),
              HasSubstr("the limit of 300 output tokens is fixed"));
  EXPECT_THAT(refusal({"gemini", "--price", "cheap"}, environment), HasSubstr("got 'cheap'"));
  EXPECT_THAT(refusal({"acme"}, environment), HasSubstr("usage: scripts/live"));
  EXPECT_THAT(vendor.requests(), IsEmpty());
}

}  // namespace
}  // namespace cartpilot::e2e
