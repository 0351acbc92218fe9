#include "cartpilot/json.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace cartpilot {
namespace {

/// The message of the Error, or the tree's text when there is none.
std::string outcome(const std::string& text, const std::string& what = "it",
                    const JsonRules& rules = {}) {
  try {
    return dump_json(parse_json(text, what, rules));
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kProtocol);
    return error.what();
  }
}

std::string nested(std::size_t depth, const std::string& open, const std::string& close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += open;
  text += "0";
  for (std::size_t i = 0; i < depth; ++i) text += close;
  return text;
}

std::string object_of(std::size_t members) {
  std::string text = "{";
  for (std::size_t i = 0; i < members; ++i) {
    text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  }
  return text + "}";
}

TEST(ParseJson, keeps_every_value_and_the_order_of_members) {
  const std::string text =
      R"({"z":[],"a":{"b":[null,true,false,-1,1.5,"é\n"]},"y":18446744073709551615,"":{}})";
  EXPECT_EQ(outcome(text), text);
  EXPECT_EQ(parse_json(text), Json::parse(text));
  for (const char* scalar : {"null", "true", "0", "-9223372036854775808", "\"x\"", "[]", "{}"}) {
    EXPECT_EQ(outcome(scalar), scalar);
  }
  EXPECT_EQ(outcome("\xEF\xBB\xBF [1] "), "[1]") << "a byte order mark is no part of the text";
}

TEST(ParseJson, says_where_and_what_in_plain_words) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "line 1, column 1: expected a value"},
      {"nonsense", "line 1, column 1: expected a value"},
      {"[1,]", "line 1, column 4: expected a value"},
      {"{\"a\":", "line 1, column 6: expected a value"},
      {"{\"a\":tru}", "line 1, column 6: expected a value"},
      {"\n\n  {\"é\":x}", "line 3, column 8: expected a value"},
      {"{a:1}", "line 1, column 2: expected a member name in quotes"},
      {"{\"q\":1,}", "line 1, column 8: expected a member name in quotes"},
      {"{\"a\" 1}", "line 1, column 6: expected ':'"},
      {"{\"a\":1 \"b\"}", "line 1, column 8: expected ',' or '}'"},
      {"[1 22]", "line 1, column 4: expected ',' or ']'"},
      {"[\"; expected end of input\" 1", "line 1, column 28: expected ',' or ']'"},
      {"[1] [2]", "line 1, column 5: expected the end of the text"},
      {"\"abc", "line 1, column 1: the string has no end"},
      {"\"; last read: surrogate", "line 1, column 1: the string has no end"},
      {"\"a\nb\"", "line 1, column 2: a control character inside a string"},
      {"\"\\x\"", "line 1, column 3: an invalid escape inside a string"},
      {"\"\\u12\"", "line 1, column 6: an invalid escape inside a string"},
      {"\"\\ud800\"", "line 1, column 3: half of a surrogate pair"},
      {"-", "line 1, column 2: a malformed number"},
      {"1e400", "line 1, column 1: a number out of range"}};
  for (const auto& [text, problem] : table) {
    EXPECT_EQ(outcome(text), "it is not valid JSON: " + problem) << text;
  }
  EXPECT_EQ(outcome("x", "the arguments"),
            "the arguments are not valid JSON: line 1, column 1: expected a value");
}

TEST(ParseJson, lets_no_word_of_the_library_through) {
  const std::string whole = R"( {"a":[1,-2.5e3,"x\u00e9\\",true,null],"b":{"c":""}} )";
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char* put : {"", "\x01", "\xff", "\"", "{", "]", ",", "\\", "7", "x"}) {
      const std::string text = whole.substr(0, at) + put + whole.substr(at + 1);
      const std::string told = outcome(text);
      EXPECT_EQ(told.find("json.exception"), std::string::npos) << text;
      EXPECT_EQ(told.find("syntax error"), std::string::npos) << text;
      EXPECT_EQ(told.find("expected JSON"), std::string::npos) << "unknown problem: " << text;
    }
  }
}

TEST(ParseJson, refuses_what_is_no_utf8) {
  for (const char* bytes : {"\xff", "\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80"}) {
    EXPECT_EQ(outcome("\"" + std::string(bytes) + "\"").find("it is not valid JSON: line 1, "), 0U);
    EXPECT_THROW(parse_json("{\"" + std::string(bytes) + "\":1}"), Error);
  }
  EXPECT_NE(outcome("\"\xff\"").find("invalid UTF-8"), std::string::npos);
}

TEST(ParseJson, bounds_the_depth_of_arrays_and_objects) {
  EXPECT_EQ(kMaxJsonDepth, 64U);
  EXPECT_NO_THROW(parse_json(nested(64, "[", "]")));
  EXPECT_NO_THROW(parse_json(nested(64, "{\"a\":", "}")));
  EXPECT_EQ(outcome(nested(65, "[", "]")), "it is nested deeper than 64 levels");
  EXPECT_EQ(outcome(nested(65, "{\"a\":", "}")), "it is nested deeper than 64 levels");
  EXPECT_EQ(outcome(std::string(1'000'000, '[')), "it is nested deeper than 64 levels");
  EXPECT_EQ(outcome("\"" + std::string(1'000, '[') + "\"").size(), 1'002U) << "text, not depth";
  EXPECT_EQ(outcome(nested(3, "[", "]"), "it", {2}), "it is nested deeper than 2 levels");
}

TEST(ParseJson, bounds_the_members_of_one_object) {
  EXPECT_EQ(kMaxJsonMembers, 10'000U);
  EXPECT_EQ(parse_json(object_of(10'000)).size(), 10'000U);
  EXPECT_EQ(outcome(object_of(10'001)), "it is too large: an object has more than 10000 members");
  const std::string two = "[" + object_of(9'000) + "," + object_of(9'000) + "]";
  EXPECT_EQ(parse_json(two)[1].size(), 9'000U) << "each object counts by itself";
}

TEST(ParseJson, refuses_a_member_that_occurs_twice_in_one_object) {
  EXPECT_EQ(outcome(R"({"total":1,"total":2})"),
            R"(it is ambiguous: the member "total" occurs twice)");
  for (const char* text :
       {R"({"total":1,"items":[{"a":{}},{"b":1,"c":[],"b":1}]})", R"({"a":1,"a":1})",
        R"({"total":1,"inner":{"x":{"y":1}},"total":1,"z":0})", R"({"total":1,"\u0074otal":2})",
        R"({"":1,"":2})", R"({"a\u0000b":1,"a\u0000b":2})", R"({"a":{"a":1},"a":{"a":1}})"}) {
    EXPECT_EQ(outcome(text).rfind("it is ambiguous: ", 0), 0U) << text;
  }
  for (const char* text :
       {R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})",
        R"({"a":1.5,"A":null,"b":"a","c":[true,-3,"a"]})", "{\"a\\u0000b\":1,\"a\":2}"}) {
    EXPECT_EQ(outcome(text).front(), '{') << text;
  }
  // The name is anybody's text: it is quoted in ASCII and cut.
  const std::string name(1'000, 'x');
  EXPECT_EQ(outcome("{\"" + name + "\":1,\"" + name + "\":2}").size(), 125U);
  EXPECT_EQ(outcome("{\"\\u001b\xC3\xA9\":1,\"\\u001b\xC3\xA9\":2}"),
            "it is ambiguous: the member \"\\u001b\\u00e9\" occurs twice");
}

TEST(ParseJson, takes_the_last_of_repeated_members_where_it_is_lenient) {
  const JsonRules lenient{kMaxJsonDepth, true, "arguments"};
  EXPECT_EQ(outcome(R"({"a":1,"b":2,"a":3,"c":4,"b":null})", "it", lenient),
            R"({"a":3,"b":2,"c":4})");
  EXPECT_EQ(outcome(R"({"a":null,"a":null,"a":0,"a":null})", "it", lenient), R"({"a":0})");
  const char* refused = R"(it is ambiguous: the member "x" occurs twice)";
  EXPECT_EQ(outcome(R"([{"f":{"arguments":{"x":1,"x":2}}}])", "it", lenient), refused);
  EXPECT_EQ(outcome(R"({"arguments":[{"y":{"x":1,"x":2}}]})", "it", lenient), refused);
  EXPECT_EQ(outcome(R"({"arguments":{"y":1},"x":1,"x":2})", "it", lenient),
            R"({"arguments":{"y":1},"x":2})")
      << "behind the strict member it is lenient again";
}

TEST(ParseJson, refuses_integers_that_64_bits_cannot_hold) {
  EXPECT_EQ(outcome("[18446744073709551616]"),
            "it is out of range: the integer 18446744073709551616");
  EXPECT_EQ(outcome("-9223372036854775809"),
            "it is out of range: the integer -9223372036854775809");
  EXPECT_EQ(outcome(std::string(10'000, '9')).find("it is not valid JSON"), 0U) << "no double";
  EXPECT_EQ(parse_json("18446744073709551616.0"), 18446744073709551616.0);
  EXPECT_EQ(parse_json("18446744073709551616", "it", {kMaxJsonDepth, true}),
            18446744073709551616.0);
}

TEST(WholeNumber, is_converted_only_where_nothing_is_lost) {
  constexpr std::int64_t kMaxInt64 = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(whole_number(parse_json("9223372036854775807")), kMaxInt64);
  EXPECT_EQ(whole_number(parse_json("-9223372036854775808")), kLeast);
  EXPECT_EQ(whole_number(parse_json("-9223372036854775808.0")), kLeast);
  EXPECT_EQ(whole_number(parse_json("12.0")), 12);
  for (const char* text : {"9223372036854775808", "9223372036854775808.0", "1e300", "-1e300", "2.5",
                           "\"12\"", "null", "true", "[1]"}) {
    EXPECT_EQ(whole_number(parse_json(text)), std::nullopt) << text;
    EXPECT_EQ(integer_or(Json{{"n", parse_json(text)}}, "n", 7), 7) << text;
  }
  EXPECT_EQ(whole_number(Json(std::numeric_limits<double>::quiet_NaN())), std::nullopt);
  EXPECT_EQ(integer_or(Json{{"n", 3}}, "n"), 3);
  EXPECT_EQ(integer_or(Json::array(), "n", 7), 7);
}

TEST(JsonProblem, tells_a_failed_conversion_without_the_librarys_words) {
  const auto told = [](auto read) -> std::string {
    try {
      read();
    } catch (const Json::exception& error) {
      return json_problem(error);
    }
    return "";
  };
  EXPECT_EQ(told([] { return Json("x").get<int>(); }),
            "a JSON value has another type than expected");
  EXPECT_EQ(told([] { return Json::object().at("x"); }), "a JSON value is missing");
  EXPECT_EQ(told([] { return Json::parse("{"); }), "it is not valid JSON");
}

}  // namespace
}  // namespace cartpilot
