#include "sandbox/wire/request_validation.h"

#include <gmock/gmock.h>

#include "sandbox/service/clock.h"
#include "sandbox/wire/refusal.h"

namespace cartpilot::sandbox {
namespace {

TEST(LaxInteger, accepts_every_form_that_stands_for_a_whole_number) {
  const std::vector<std::pair<const char*, std::int64_t>> cases = {
      {"2", 2},
      {"2.0", 2},
      {"1e3", 1000},
      {"true", 1},
      {"false", 0},
      {"\"2\"", 2},
      {"\" 2 \"", 2},
      {"\"2.0\"", 2},
      {"\"+2\"", 2},
      {"\"-3\"", -3},
      {"\"1_000\"", 1000},
      {"\"00012\"", 12},
      {"-9223372036854775808", INT64_MIN}};
  for (const auto& [text, value] : cases) {
    EXPECT_EQ(read_integer(parse_json(text)).value, value) << text;
  }
}

TEST(LaxInteger, names_the_reason_for_every_refusal) {
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"2.5", "int_from_float"},
      {"null", "int_type"},
      {"[]", "int_type"},
      {"{}", "int_type"},
      {"\"abc\"", "int_parsing"},
      {"\"\"", "int_parsing"},
      {"\" \"", "int_parsing"},
      {"\"1e3\"", "int_parsing"},
      {"\"2.\"", "int_parsing"},
      {"\"2.5\"", "int_parsing"},
      {"\"0x10\"", "int_parsing"},
      {"\"1__0\"", "int_parsing"},
      {"\"_1\"", "int_parsing"},
      {"\"1_\"", "int_parsing"},
      {"\"+\"", "int_parsing"},
      {"\"99999999999999999999\"", "int_parsing_size"},
      {"1e300", "int_parsing_size"},
      {"18446744073709551615", "int_parsing_size"}};
  for (const auto& [text, type] : cases) {
    const IntegerReading reading = read_integer(parse_json(text));
    EXPECT_FALSE(reading.value.has_value()) << text;
    EXPECT_EQ(reading.type, type) << text;
  }
}

TEST(Fields, reports_all_problems_in_schema_order) {
  const Json body = parse_json(R"({"query":5,"metadata":"x","steps":9})");
  Fields fields(body, Json::array({"body"}));
  fields.required_text("query");
  fields.optional_object("metadata");
  fields.required_text("reason");
  fields.integer_or("steps", 1, {1, 3});
  try {
    fields.check();
    FAIL() << "no refusal";
  } catch (const ValidationRefusal& refusal) {
    EXPECT_EQ(
        dump_json(refusal.problems),
        R"([{"type":"string_type","loc":["body","query"],"msg":"Input should be a valid string","input":5},)"
        R"({"type":"dict_type","loc":["body","metadata"],"msg":"Input should be a valid dictionary","input":"x"},)"
        R"({"type":"missing","loc":["body","reason"],"msg":"Field required","input":{"query":5,"metadata":"x","steps":9}},)"
        R"({"type":"less_than_equal","loc":["body","steps"],"msg":"Input should be less than or equal to 3","input":9,"ctx":{"le":3}}])");
  }
}

TEST(Clock, writes_instants_in_both_forms_and_reads_them_back) {
  const Micros instant = 1'795'395'568'023'294;
  EXPECT_EQ(format_instant(instant), "2026-11-23T00:59:28.023294Z");
  EXPECT_EQ(format_instant_with_offset(instant), "2026-11-23T00:59:28.023294+00:00");
  EXPECT_EQ(format_compact(instant), "20261123005928");
  EXPECT_EQ(parse_instant("2026-11-23T00:59:28.023294Z"), instant);
  EXPECT_EQ(parse_instant("2026-11-23T00:59:28.023294+00:00"), instant);
}

TEST(Clock, leaves_the_fraction_out_at_a_whole_second) {
  EXPECT_EQ(format_instant(1'795'392'000'000'000), "2026-11-23T00:00:00Z");
  EXPECT_EQ(format_instant(1'795'392'000'120'000), "2026-11-23T00:00:00.120000Z");
  EXPECT_EQ(parse_instant("2026-11-23T00:00:00+00:00"), 1'795'392'000'000'000);
}

TEST(Clock, refuses_text_that_is_no_instant) {
  EXPECT_THROW(parse_instant(""), Error);
  EXPECT_THROW(parse_instant("2026-11-23 soon"), Error);
}

}  // namespace
}  // namespace cartpilot::sandbox
