#include "sandbox/wire/python_json.h"

#include <gmock/gmock.h>

namespace cartpilot::sandbox {
namespace {

struct Case {
  std::string text;
  std::string message;
  std::size_t offset;
};

// Constructed with CPython 3.11: JSONDecodeError.msg and .pos of json.loads(text).
TEST(PythonJson, words_and_places_errors_as_cpython_does) {
  const std::vector<Case> cases = {
      {"{\"query\":", "Expecting value", 9},
      {"not json", "Expecting value", 0},
      {"  ", "Expecting value", 2},
      {"[1,]", "Expecting value", 3},
      {"-", "Expecting value", 0},
      {"{\"a\":1,}", "Expecting property name enclosed in double quotes", 7},
      {"{1:2}", "Expecting property name enclosed in double quotes", 1},
      {"{", "Expecting property name enclosed in double quotes", 1},
      {"{\"a\" 1}", "Expecting ':' delimiter", 5},
      {"{\"a\":1 \"b\":2}", "Expecting ',' delimiter", 7},
      {"[1 2]", "Expecting ',' delimiter", 3},
      {"[1", "Expecting ',' delimiter", 2},
      {"1 2", "Extra data", 2},
      {"01", "Extra data", 1},
      {"1.", "Extra data", 1},
      {"{\"a\":\"b", "Unterminated string starting at", 5},
      {"\"abc\\", "Unterminated string starting at", 0},
      {"\"a\nb\"", "Invalid control character at", 2},
      {"\"a\\qb\"", "Invalid \\escape", 2},
      {"\"\\u12\"", "Invalid \\uXXXX escape", 2},
      {"{\"é🎧\":}", "Expecting value", 6},
  };
  for (const Case& c : cases) {
    const PythonJson read = read_python_json(c.text);
    EXPECT_FALSE(read.value.has_value()) << c.text;
    EXPECT_EQ(read.problem.message, c.message) << c.text;
    EXPECT_EQ(read.problem.offset, c.offset) << c.text;
  }
}

TEST(PythonJson, reads_what_cpython_reads) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"( {"b":1,"a":[true,null,-1.5e3,2.0]} )", R"({"b":1,"a":[true,null,-1500.0,2.0]})"},
      {R"({"a":1,"b":2,"a":3})", R"({"a":3,"b":2})"},
      {R"([NaN,Infinity,-Infinity,1e999])", R"([null,null,null,null])"},
      {R"("\ud83c\udfa7 \ud83c \u00e9")", "\"🎧 \uFFFD é\""},
      {"\xEF\xBB\xBF{}", "{}"},
  };
  for (const auto& [text, expected] : cases) {
    const PythonJson read = read_python_json(text);
    ASSERT_TRUE(read.value.has_value()) << text;
    EXPECT_EQ(dump_json(*read.value), expected) << text;
  }
}

TEST(PythonJson, refuses_text_that_is_not_utf8_or_nests_too_deep) {
  EXPECT_THROW(read_python_json("\"\xff\""), Error);
  EXPECT_THROW(read_python_json(std::string(300, '[') + std::string(300, ']')), Error);
}

}  // namespace
}  // namespace cartpilot::sandbox
