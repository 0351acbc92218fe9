// The page of the provider: its scripts can be read, and its tables name what a script knows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "playing.h"

namespace cartpilot::script {
namespace {

std::string page() {
  std::ifstream in(CARTPILOT_PROVIDER_PAGE);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(ScriptPage, every_script_on_it_can_be_read) {
  const std::string text = page();
  int found = 0;
  for (std::size_t at = text.find("```toml\n"); at != std::string::npos;
       at = text.find("```toml\n", at + 1)) {
    const std::size_t begin = at + 8;
    const std::string script = text.substr(begin, text.find("```", begin) - begin);
    EXPECT_EQ(failure_of([&] { read_script(parse_toml("page", script)); }), "") << script;
    ++found;
  }
  EXPECT_EQ(found, 4);
}

/// The words between backquotes in the first column of the table whose head begins with `name`.
std::set<std::string> words_of_table(const std::string& name) {
  const std::string text = page();
  std::size_t at = text.find("\n| " + name + " | ");
  std::set<std::string> words;
  if (at == std::string::npos) return words;
  at = text.find('\n', text.find("|---|", at)) + 1;
  for (; text.compare(at, 2, "| ") == 0; at = text.find('\n', at) + 1) {
    const std::string cell = text.substr(at, text.find(" | ", at) - at);
    const std::regex word("`([a-z_]+)( = true)?`");
    for (std::sregex_iterator i(cell.begin(), cell.end(), word), end; i != end; ++i) {
      words.insert((*i)[1]);
    }
  }
  return words;
}

/// What the reader says a table knows.
std::set<std::string> words_of_reader(const std::string& script) {
  const std::string refusal = failure_of([&] { read_script(parse_toml("s", script)); });
  std::set<std::string> words;
  const std::string list = refusal.substr(refusal.rfind("It knows ") + 9);
  const std::regex word("[a-z_]+");
  for (std::sregex_iterator i(list.begin(), list.end(), word), end; i != end; ++i) {
    words.insert(i->str());
  }
  return words;
}

TEST(ScriptPage, its_tables_name_what_a_script_knows) {
  std::set<std::string> answer = words_of_table("answer");
  const std::set<std::string> step = words_of_table("step");
  EXPECT_EQ(step, words_of_reader("[[answer]]\nplay = [{ zz = 1 }]"));
  answer.insert(step.begin(), step.end());
  EXPECT_EQ(answer, words_of_reader("[[answer]]\nzz = 1"));
  EXPECT_EQ(words_of_table("script"), words_of_reader("zz = 1\n[[answer]]"));
  EXPECT_EQ(words_of_table("error"), words_of_reader("[[answer]]\nerror = { zz = 1 }"));
  EXPECT_EQ(words_of_table("condition"), words_of_reader("[[answer]]\nwhen = { zz = 1 }"));
}

}  // namespace
}  // namespace cartpilot::script
