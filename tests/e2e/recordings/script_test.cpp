// The script provider through the program: what docs/providers/script.md promises.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "e2e/program.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string written(const Home& home, const std::string& name, const std::string& text) {
  const std::string path = (home.path() / name).string();
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string page() {
  std::ifstream in(CARTPILOT_SCRIPT_DOC);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The script of the page that holds `words`.
std::string script_of_page(const std::string& words) {
  const std::string text = page();
  const std::size_t begin = text.rfind("```toml\n", text.find(words)) + 8;
  return text.substr(begin, text.find("```", begin) - begin);
}

std::vector<std::string> chat(const std::string& file, const std::vector<std::string>& more) {
  std::vector<std::string> words = {"chat",   "--sandbox",         "--provider",
                                    "script", "--provider-option", "file=" + file};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Result with_word_count(const Home& home, const std::string& file,
                       const std::vector<std::string>& more) {
  std::vector<std::string> words = chat(file, {"--plugin", CARTPILOT_WORD_COUNT_PLUGIN});
  words.insert(words.end(), more.begin(), more.end());
  return run(home, words);
}

TEST(Script, the_test_of_a_tool_set_on_the_page_passes_and_fails_as_it_says) {
  const Home home;
  const std::string script = script_of_page("# count.toml");
  const Result good =
      with_word_count(home, written(home, "count.toml", script), {"Count my words"});
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_EQ(good.out, "There are 6 words.\n");
  EXPECT_THAT(good.err, HasSubstr("\n-> count_words {\"text\":\"to be or not to be\"}\n"));
  std::string other = script;
  other.replace(other.find("or not "), 7, "or ");
  const Result bad = with_word_count(home, written(home, "count.toml", other), {"Count my words"});
  EXPECT_EQ(bad.exit_code, 4);
  EXPECT_THAT(page(), HasSubstr(bad.err.substr(bad.err.find("cartpilot: count.toml"))));
  const Result without = run(home, chat(written(home, "count.toml", script), {"Count my words"}));
  EXPECT_EQ(without.exit_code, 4);
  EXPECT_THAT(without.err,
              HasSubstr("count.toml, line 4: not as expected: tools: 'count_words' is not "
                        "declared"));
}

TEST(Script, what_the_page_calls_wrong_never_reaches_the_tool_set) {
  const Home home;
  const std::string file = written(home, "wrong.toml", script_of_page("# wrong.toml"));
  const Result result = with_word_count(home, file, {"--output", "jsonl", "Hi"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const std::vector<Json> results = of_type(json_lines(result.out), "tool_result");
  ASSERT_EQ(results.size(), 3U);
  for (const Json& refused : results) EXPECT_EQ(refused["ok"], false) << refused.dump();
  EXPECT_THAT(result.out, HasSubstr("Three refusals."));
}

TEST(Script, the_purchase_of_the_page_is_done_with_a_typed_yes) {
  const Home home;
  const std::string file = written(home, "shop.toml", script_of_page("# shop.toml"));
  Program program(home, chat(file, {"Buy me headphones"}), {{"NO_COLOR", "1"}}, true);
  const std::string total = program.wait_for_match("Type the total \\([0-9.]+\\)").substr(16);
  const std::string code = program.wait_for_match("\\([a-z]{4}\\) to buy").substr(1, 4);
  program.wait_for("s]: ");
  program.write(total.substr(0, total.size() - 1) + " " + code + "\n");
  const Result result = program.finish();
  EXPECT_EQ(result.exit_code, 0) << result.out;
  EXPECT_THAT(result.out, HasSubstr("[cartpilot] BOUGHT"));
  EXPECT_THAT(result.out, HasSubstr("Ordered as ORD-"));
  const Json purchases = parse_json(run(home, {"purchases", "list", "--json"}).out);
  ASSERT_EQ(purchases.size(), 1U);
  EXPECT_EQ(purchases[0]["state"], "done");
  EXPECT_EQ(purchases[0]["by"], "human");
}

TEST(Script, without_a_yes_nothing_is_bought) {
  const Home home;
  const std::string file = written(home, "shop.toml", script_of_page("# shop.toml"));
  const Result result = run(home, chat(file, {"Buy me headphones"}));
  EXPECT_EQ(result.exit_code, 11) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("Then not."));
  EXPECT_EQ(parse_json(run(home, {"purchases", "list", "--json"}).out), Json::array());
}

TEST(Script, a_wrong_script_is_exit_2_with_file_line_and_near_word) {
  const Home home;
  const std::string file =
      written(home, "shop.toml", "[[answer]]\ntext = \"a\"\n[[answer]]\ntxt = 1\n");
  const Result result = run(home, chat(file, {"Hi"}));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("shop.toml, line 4: an answer has no 'txt', did you mean "
                                    "'text'?"));
  EXPECT_EQ(run(home, {"chat", "--sandbox", "--provider", "script", "Hi"}).exit_code, 2);
  EXPECT_EQ(run(home, {"models", "--provider", "script"}).exit_code, 2);
  EXPECT_EQ(run(home, chat("/nowhere.toml", {"Hi"})).exit_code, 3);
}

TEST(Script, an_answer_that_is_not_as_expected_is_exit_4) {
  const Home home;
  const std::string file =
      written(home, "s.json", "{\"answer\":[{\"expect\":{\"user\":\"tent\"},\"text\":\"a\"}]}");
  const Result result = run(home, chat(file, {"a lamp"}));
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.err, HasSubstr("s.json, line 1: not as expected: user: expected 'tent' in "
                                    "'a lamp'"));
  EXPECT_THAT(result.out, Not(HasSubstr("a\n")));
}

TEST(Script, errors_are_retried_and_cuts_are_told_as_of_any_vendor) {
  const Home home;
  const std::string file = written(home, "s.toml", script_of_page("too many requests"));
  const Result result = run(home, chat(file, {"--output", "jsonl", "Hi"}));
  EXPECT_EQ(result.exit_code, 4) << result.err;
  const std::vector<Json> lines = json_lines(result.out);
  ASSERT_EQ(of_type(lines, "retry").size(), 1U);
  EXPECT_EQ(of_type(lines, "text_delta").size(), 2U);
  const Json error = of_type(lines, "error").at(0);
  EXPECT_THAT(error["message"].get<std::string>(), HasSubstr("broke off"));
}

}  // namespace
}  // namespace cartpilot::e2e
