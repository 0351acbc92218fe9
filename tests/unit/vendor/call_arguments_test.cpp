#include "cartpilot/vendor/call_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cartpilot::vendor {
namespace {

using ::testing::HasSubstr;

std::string read_written(const Json& written, bool cut = false) {
  const CallArguments arguments = read_call_arguments(written, "f", cut);
  return arguments.problem.empty() ? dump_json(arguments.value) : arguments.problem;
}

TEST(CallArguments, every_spelling_of_none_is_an_empty_object) {
  for (const char* text : {"", " \n", "{}", "{ }", "null", "None", "undefined", "[]", "\"\"",
                           "\"{}\"", "\"null\"", "{}{}", "null{}", "{} {} "}) {
    EXPECT_EQ(read_written(text), "{}") << text;
  }
  EXPECT_EQ(read_written(nullptr), "{}");
  EXPECT_EQ(read_written(Json::array()), "{}");
  EXPECT_EQ(read_written(Json::object()), "{}");
}

TEST(CallArguments, the_one_object_among_values_that_say_nothing_counts) {
  for (const char* text : {R"({"a":1})", R"({}{"a":1})", R"({}{"a":1}{})", R"(null{"a":1})",
                           R"(""{"a":1})", R"({"a":1}{"a":1})", " {\"a\":1}\n{\"a\":1} ",
                           R"([]{"a":1})", R"("{\"a\":1}")", R"("{}{\"a\":1}")"}) {
    EXPECT_EQ(read_written(text), R"({"a":1})") << text;
  }
  EXPECT_EQ(read_written(R"({}{"a":"}{\"\\"})"), R"({"a":"}{\"\\"})") << "brackets inside a string";
}

TEST(CallArguments, what_is_no_object_is_told_and_not_guessed) {
  for (const char* text : {"[1]", "3", "\"x\"", R"({"a":1)", R"({"a":1}{"b":2})",
                           R"({"a":1} trailing)", R"({}{"a":)", "{\"a\":1}}", "{{}"}) {
    EXPECT_THAT(read_written(text), HasSubstr("the arguments of f are ")) << text;
    EXPECT_THAT(read_written(text), HasSubstr("call it again with one JSON object")) << text;
  }
  EXPECT_THAT(read_written(Json(7)), HasSubstr("are no JSON object"));
}

TEST(CallArguments, a_cut_call_has_no_empty_arguments) {
  for (const char* text : {"", R"({"a":)", R"({}{"a":)", "null"}) {
    EXPECT_THAT(read_written(text, true), HasSubstr("were cut off")) << text;
  }
  EXPECT_EQ(read_written(R"({"a":1})", true), R"({"a":1})") << "a whole object is no beginning";
}

}  // namespace
}  // namespace cartpilot::vendor
