// The three-turn purchase through the real plugins, over streaming, against strict pretend vendors.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/program.h"
#include "fakes/gemini.h"
#include "fakes/openai.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kKey = "key-that-must-not-leak-0123456789";
std::vector<std::string> buying_with(const std::string& provider) {
  return {"chat",  "--provider", provider,        "--sandbox",   "--output",
          "jsonl", "--approve",  "up-to:150:USD", "--merchants", "merchant-a,merchant-b"};
}

fakes::FakeGeminiOptions gemini_options() {
  fakes::FakeGeminiOptions options;
  options.api_key = kKey;
  options.chunk_bytes = 7;  // the stream arrives in crumbs
  return options;
}

fakes::FakeOpenAiOptions openai_options() {
  fakes::FakeOpenAiOptions options;
  options.key = kKey;
  options.piece_bytes = 7;
  return options;
}

/// What every vendor's purchase must show.
void expect_purchase(const Result& result, const std::string& provider) {
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const std::vector<Json> lines = json_lines(result.out);
  EXPECT_EQ(lines.at(0)["provider"], provider);
  ASSERT_EQ(of_type(lines, "turn_end").size(), 3u);
  EXPECT_GT(of_type(lines, "text_delta").size(), 3u);
  const std::vector<Json> purchases = of_type(lines, "purchase");
  ASSERT_EQ(purchases.size(), 1u);
  EXPECT_EQ(purchases[0]["outcome"], "done");
  EXPECT_THAT(of_type(lines, "turn_end").at(2)["text"].get<std::string>(),
              HasSubstr(purchases[0]["merchant_order_id"].get<std::string>()));
  EXPECT_GT(of_type(lines, "turn_end").at(0)["usage"]["input_tokens"].get<int>(), 0);
  for (const Json& tool : of_type(lines, "tool_result")) EXPECT_EQ(tool["ok"], true) << tool.dump();
  EXPECT_THAT(result.out + result.err, Not(HasSubstr(kKey)));
}

TEST(Vendors, gemini_buys_in_three_turns_over_streaming) {
  fakes::FakeGemini vendor(fakes::shopping_model, gemini_options());
  const Home home;
  const Result result = run(home, buying_with("gemini"), kThreeLines,
                            {{"GEMINI_API_KEY", kKey}, {"GEMINI_BASE_URL", vendor.url()}});
  expect_purchase(result, "gemini");
  EXPECT_THAT(vendor.violations(), IsEmpty());
}

TEST(Vendors, the_only_key_chooses_the_provider_and_options_of_another_stop_nothing) {
  fakes::FakeGemini vendor(fakes::shopping_model, gemini_options());
  const Home home;
  std::vector<std::string> words = buying_with("gemini");
  words.erase(words.begin() + 1, words.begin() + 3);
  words.insert(words.end(), {"--provider-option", "openai.api=chat"});
  const Result result =
      run(home, words, kThreeLines, {{"GOOGLE_API_KEY", kKey}, {"GEMINI_BASE_URL", vendor.url()}});
  expect_purchase(result, "gemini");
  EXPECT_THAT(result.err, HasSubstr("gemini answers, because GOOGLE_API_KEY is set"));
  EXPECT_EQ(result.err.find("GOOGLE_API_KEY"), result.err.rfind("GOOGLE_API_KEY")) << "said once";
  const Result functions = run(home, {"tools", "handle", "--provider", "gemini", "--sandbox"},
                               R"({"role":"model","parts":[{"text":"Hi"}]})"
                               "\n");
  EXPECT_EQ(functions.out, "[]\n") << "nothing to append";
}

TEST(Vendors, openai_buys_in_three_turns_through_chat_completions) {
  fakes::FakeOpenAi vendor(fakes::shopping_model, openai_options());
  const Home home;
  std::vector<std::string> words = buying_with("openai");
  words.insert(words.end(), {"--model", "gpt-4.1-mini", "--provider-option", "api=chat",
                             "--provider-option", "server=openai"});
  const Result result = run(home, words, kThreeLines,
                            {{"OPENAI_API_KEY", kKey}, {"OPENAI_BASE_URL", vendor.base_url()}});
  expect_purchase(result, "openai");
  EXPECT_THAT(vendor.violations(), IsEmpty());
}

TEST(Vendors, openai_buys_in_three_turns_through_responses) {
  fakes::FakeOpenAi vendor(fakes::shopping_model, openai_options());
  const Home home;
  std::vector<std::string> words = buying_with("openai");
  words.insert(words.end(), {"--model", "gpt-6.1-terra", "--provider-option", "server=openai"});
  const Result result = run(home, words, kThreeLines,
                            {{"OPENAI_API_KEY", kKey}, {"OPENAI_BASE_URL", vendor.base_url()}});
  expect_purchase(result, "openai");
  EXPECT_THAT(vendor.violations(), IsEmpty());
}

/// The billionths of a dollar that the one day of `cartpilot stats` knows.
std::int64_t cost_in(const Home& home) {
  const Json days = Json::parse(run(home, {"--json", "stats"}).out);
  EXPECT_EQ(days.at(0).at("cost_unknown_requests"), 0);
  EXPECT_EQ(days.at(0).at("cost").at(0).at("currency"), "USD");
  return days.at(0).at("cost").at(0).at("billionths");
}

std::vector<std::string> under_a_limit(std::vector<std::string> words, const std::string& limit) {
  words.insert(words.end(), {"--limit-model-cost", limit, "--max-output-tokens", "2000"});
  return words;
}

TEST(Vendors, buy_under_a_limit_of_costs_that_holds_for_every_request) {
  fakes::FakeGemini gemini(fakes::shopping_model, gemini_options());
  const Home first;
  expect_purchase(run(first, under_a_limit(buying_with("gemini"), "5:USD/conversation"),
                      kThreeLines, {{"GEMINI_API_KEY", kKey}, {"GEMINI_BASE_URL", gemini.url()}}),
                  "gemini");
  EXPECT_THAT(gemini.violations(), IsEmpty());
  EXPECT_GT(cost_in(first), 0);

  fakes::FakeOpenAi openai(fakes::shopping_model, openai_options());
  const Home second;
  std::vector<std::string> words = under_a_limit(buying_with("openai"), "5:USD/day");
  words.insert(words.end(), {"--model", "gpt-6.1-terra", "--provider-option", "server=openai"});
  expect_purchase(run(second, words, kThreeLines,
                      {{"OPENAI_API_KEY", kKey}, {"OPENAI_BASE_URL", openai.base_url()}}),
                  "openai");
  EXPECT_THAT(openai.violations(), IsEmpty());
  EXPECT_GT(cost_in(second), 0);
}

TEST(Vendors, are_not_asked_when_the_answer_could_cross_the_limit_of_costs) {
  fakes::FakeOpenAi vendor(fakes::shopping_model, openai_options());
  const Home home;
  // 2,000 tokens of output cost 0.0032 USD at most, and there is input as well.
  std::vector<std::string> words = {"chat",    "--provider",   "openai",
                                    "--model", "gpt-4.1-mini", "--sandbox"};
  words = under_a_limit(words, "0.0032:USD/turn");
  words.push_back("I need a desk lamp");
  const Result result =
      run(home, words, "", {{"OPENAI_API_KEY", kKey}, {"OPENAI_BASE_URL", vendor.base_url()}});
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(result.err, HasSubstr("0.00 USD of 0.0032 USD per turn are spent or reserved"));
  EXPECT_THAT(result.err, HasSubstr("--limit-model-cost sets the limit"));
  EXPECT_THAT(vendor.bodies(), IsEmpty());
}

TEST(Vendors, without_a_known_price_are_refused_under_a_limit_of_costs) {
  fakes::FakeOpenAi vendor(fakes::shopping_model, openai_options());
  const Home home;
  std::vector<std::string> words = {"chat",    "--provider", "openai",
                                    "--model", "some-model", "--sandbox"};
  words = under_a_limit(words, "100:USD/day");
  words.push_back("I need a desk lamp");
  const Result result =
      run(home, words, "", {{"OPENAI_API_KEY", kKey}, {"OPENAI_BASE_URL", vendor.base_url()}});
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(result.err, HasSubstr("no price of openai/some-model is known"));
  EXPECT_THAT(vendor.bodies(), IsEmpty());
}

TEST(Vendors, openai_lists_its_models_one_a_line) {
  fakes::FakeOpenAi vendor(fakes::shopping_model, openai_options());
  const Home home;
  const Environment environment = {{"OPENAI_API_KEY", kKey},
                                   {"OPENAI_BASE_URL", vendor.base_url()}};
  const Result listed = run(home, {"models", "--provider", "openai"}, "", environment);
  EXPECT_EQ(listed.exit_code, 0) << listed.err;
  EXPECT_EQ(listed.out, "gpt-6.1-terra\ngpt-5.6-luna\ngpt-4.1-mini\n");
  const Result json = run(home, {"--json", "models", "--provider", "openai"}, "", environment);
  EXPECT_EQ(Json::parse(json.out).at(0).at("id"), "gpt-6.1-terra");
}

TEST(Vendors, whole_answers_work_like_streamed_ones) {
  fakes::FakeGemini vendor(fakes::shopping_model, gemini_options());
  const Home home;
  std::vector<std::string> words = buying_with("gemini");
  words.push_back("--no-stream");
  const Result result =
      run(home, words, kThreeLines, {{"GEMINI_API_KEY", kKey}, {"GEMINI_BASE_URL", vendor.url()}});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(vendor.violations(), IsEmpty());
}

TEST(Vendors, a_wrong_key_is_exit_4_and_one_clear_line) {
  fakes::LoopbackServer vendor([](const fakes::LoopbackServer::Request&,
                                  fakes::LoopbackServer::Reply& reply) {
    reply.send(
        401, {{"Content-Type", "application/json"}},
        R"({"error":{"message":"Incorrect API key provided.","type":"invalid_request_error","param":null,)"
        R"("code":"invalid_api_key"}})");
  });
  const Home home;
  const Result result =
      run(home, {"chat", "--provider", "openai", "--model", "m", "--sandbox", "hello"}, "",
          {{"OPENAI_API_KEY", kKey}, {"OPENAI_BASE_URL", vendor.url() + "/v1"}});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.err, HasSubstr("OPENAI_API_KEY"));
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  EXPECT_THAT(result.out + result.err, Not(HasSubstr(kKey)));
  EXPECT_EQ(vendor.requests().size(), 1u);
}

}  // namespace
}  // namespace cartpilot::e2e
