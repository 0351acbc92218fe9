#include "cartpilot/vendor/options.h"

#include <gtest/gtest.h>

namespace cartpilot::vendor {
namespace {

using Given = std::map<std::string, std::string>;

/// The message of the Error that `read` throws, "accepted" when it throws none.
template <class Read>
std::string refusal(const Given& given, const Read& read) {
  OptionReader reader("acme", given);
  try {
    read(reader);
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "accepted";
}

TEST(OptionReader, reads_every_type) {
  const Given given = {{"text", " a b "},    {"word", "w"},       {"flag", "ON"},
                       {"integer", "-1"},    {"number", "0.25"},  {"choice", "low"},
                       {"list", "a, b,,c "}, {"header.X-A", "1"}, {"header.X-B", " 2"}};
  OptionReader read("acme", given);
  EXPECT_EQ(read.text("text"), "a b");
  EXPECT_EQ(read.word("word"), "w");
  EXPECT_EQ(read.flag("flag"), true);
  EXPECT_EQ(read.integer("integer", -1), -1);
  EXPECT_EQ(read.number("number", 0, 2), 0.25);
  EXPECT_EQ(read.choice("choice", {"HIGH", "LOW"}), "LOW");
  EXPECT_EQ(read.list("list"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(read.with_prefix("header."),
            (std::vector<std::pair<std::string, std::string>>{{"X-A", "1"}, {"X-B", " 2"}}));
  EXPECT_NO_THROW(read.finish());
}

TEST(OptionReader, what_was_not_given_is_nothing) {
  const Given given;
  OptionReader read("acme", given);
  EXPECT_EQ(read.text("a"), std::nullopt);
  EXPECT_EQ(read.word("b"), std::nullopt);
  EXPECT_EQ(read.flag("c"), std::nullopt);
  EXPECT_EQ(read.integer("d", 1), std::nullopt);
  EXPECT_EQ(read.number("e", 0, 1), std::nullopt);
  EXPECT_EQ(read.choice("f", {"x"}), std::nullopt);
  EXPECT_EQ(read.list("g"), std::nullopt);
  EXPECT_TRUE(read.with_prefix("h.").empty());
  EXPECT_NO_THROW(read.finish());
}

TEST(OptionReader, a_flag_has_eight_spellings) {
  for (const char* yes : {"true", "on", "yes", "1", "True"}) {
    const Given given = {{"f", yes}};
    EXPECT_EQ(OptionReader("acme", given).flag("f"), true) << yes;
  }
  for (const char* no : {"false", "off", "no", "0"}) {
    const Given given = {{"f", no}};
    EXPECT_EQ(OptionReader("acme", given).flag("f"), false) << no;
  }
}

TEST(OptionReader, values_that_do_not_fit_say_what_is_expected) {
  const auto number = [](OptionReader& read) { read.number("n", 0, 2); };
  for (const char* value : {"hot", "nan", "inf", "2.5", "-0.1", "1,5", "1 ", ""}) {
    const std::string said = refusal({{"n", value}}, number);
    if (std::string(value) == "1 ") {
      EXPECT_EQ(said, "accepted") << "white space around a value is not part of it";
      continue;
    }
    EXPECT_EQ(said, std::string("acme option n=") + value + ": expected a number from 0 to 2");
  }
  const auto integer = [](OptionReader& read) { read.integer("n", 1); };
  for (const char* value : {"0", "1.5", "1e3", "99999999999", "+1", "0x1", "x"}) {
    EXPECT_EQ(refusal({{"n", value}}, integer),
              std::string("acme option n=") + value + ": expected a whole number from 1");
  }
  EXPECT_EQ(refusal({{"n", "11"}}, [](OptionReader& read) { read.integer("n", 1, 10); }),
            "acme option n=11: expected a whole number from 1 to 10");
  EXPECT_EQ(refusal({{"n", "maybe"}}, [](OptionReader& read) { read.flag("n"); }),
            "acme option n=maybe: expected true or false");
  EXPECT_EQ(refusal({{"n", "c"}},
                    [](OptionReader& read) {
                      read.choice("n", {"a", "b"});
                    }),
            "acme option n=c: expected one of a, b");
  EXPECT_EQ(refusal({{"n", ", ,"}}, [](OptionReader& read) { read.list("n"); }),
            "acme option n=, ,: expected words with commas between them");
  for (const char* value : {"a b", "", "a\"b", "a\\b", "\xC3\xA4"}) {
    EXPECT_EQ(refusal({{"n", value}}, [](OptionReader& read) { read.word("n"); }),
              std::string("acme option n=") + value + ": expected one word");
  }
}

TEST(OptionReader, an_unknown_option_is_refused_with_the_nearest_and_all_known) {
  const auto read_two = [](OptionReader& read) {
    read.number("temperature", 0, 2);
    read.flag("strict");
    read.finish();
  };
  EXPECT_EQ(refusal({{"temprature", "1"}}, read_two),
            "acme has no option 'temprature', but temperature; it knows strict, temperature");
  EXPECT_EQ(refusal({{"colour", "red"}}, read_two),
            "acme has no option 'colour'; it knows strict, temperature");
}

}  // namespace
}  // namespace cartpilot::vendor
