// Runs the official JSON Schema Test Suite. Every case of every file about a keyword the validator
// covers must come out as the suite says; a group of cases whose schema uses something the
// validator does not cover must be refused when it is compiled, and is listed here by name, so that
// nothing is left out unnoticed.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <set>
#include <sstream>

#include "cartpilot/json.h"
#include "schema/validator.h"

namespace cartpilot::schema {
namespace {

struct SuiteFile {
  std::string name;
  int least_cases;                ///< cases that must run; a thinner file is an error
  std::set<std::string> refused;  ///< descriptions of the groups that must be refused
};

void PrintTo(const SuiteFile& file, std::ostream* out) { *out << file.name; }

std::string test_name(const testing::TestParamInfo<SuiteFile>& info) {
  std::string name;
  for (const char c : info.param.name.substr(0, info.param.name.find(".json"))) {
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  }
  return name;
}

Json read_suite_file(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << "cannot read " << path;
  std::stringstream text;
  text << file.rdbuf();
  return Json::parse(text.str());  // with integers beyond 64 bits
}

struct Outcome {
  int run = 0;
  std::set<std::string> refused;
};

/// Checks every case of every group that compiles.
Outcome run_groups(const std::string& folder, const std::string& name) {
  Outcome outcome;
  int failed = 0;
  for (const Json& group : read_suite_file(folder + "/" + name)) {
    const std::string description = group.at("description").get<std::string>();
    std::optional<SchemaValidator> validator;
    try {
      validator.emplace(group.at("schema"));
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
      EXPECT_EQ(std::string(error.what()).rfind("JSON Schema: '#", 0), 0U) << error.what();
      outcome.refused.insert(description);
      continue;
    }
    for (const Json& test : group.at("tests")) {
      const auto violations = validator->validate(test.at("data"));
      ++outcome.run;
      const bool right = violations.empty() == test.at("valid").get<bool>();
      if (!right) ++failed;
      EXPECT_TRUE(right) << name << ": " << description << ": " << test.at("description")
                         << "\n  schema " << dump_json(group.at("schema")) << "\n  data   "
                         << dump_json(test.at("data"))
                         << (violations.empty() ? "" : "\n  said   " + violations[0].message);
    }
  }
  std::cout << "[ suite    ] " << name << ": " << outcome.run << " cases run, " << failed
            << " failed; " << outcome.refused.size() << " groups refused by the compiler\n";
  return outcome;
}

void run_file(const std::string& folder, const SuiteFile& file) {
  const Outcome outcome = run_groups(folder, file.name);
  EXPECT_EQ(outcome.refused, file.refused);
  EXPECT_GE(outcome.run, file.least_cases);
}

/// The files about keywords the validator covers, and those about the rest.
const std::vector<SuiteFile>& covered_2020() {
  static const std::vector<SuiteFile> files = {
      {"additionalProperties.json", 16, {}},
      {"allOf.json", 30, {}},
      {"anyOf.json", 18, {}},
      {"boolean_schema.json", 18, {}},
      {"const.json", 50, {}},
      {"default.json", 7, {}},
      {"defs.json", 0, {"validate definition against metaschema"}},
      {"enum.json", 33, {}},
      {"exclusiveMaximum.json", 4, {}},
      {"exclusiveMinimum.json", 4, {}},
      {"format.json", 114, {}},
      {"infinite-loop-detection.json", 2, {}},
      {"items.json", 27, {}},
      {"maxItems.json", 6, {}},
      {"maxLength.json", 7, {}},
      {"maxProperties.json", 10, {}},
      {"maximum.json", 8, {}},
      {"minItems.json", 6, {}},
      {"minLength.json", 7, {}},
      {"minProperties.json", 8, {}},
      {"minimum.json", 11, {}},
      {"multipleOf.json", 10, {}},
      {"not.json", 12, {"collect annotations inside a 'not', even if collection is disabled"}},
      {"oneOf.json", 27, {}},
      {"pattern.json", 9, {}},
      {"patternProperties.json", 23, {}},
      {"prefixItems.json", 11, {}},
      {"properties.json", 28, {}},
      {"propertyNames.json", 10, {}},
      // Refused: references to another document, $id below the root, $anchor,
      // unevaluatedProperties, and references into if, then and else.
      {"ref.json",
       38,
       {"$id must be resolved against nearest parent, not just immediate parent",
        "Recursive references between schemas", "URN base URI with URN and JSON pointer ref",
        "URN base URI with URN and anchor ref", "URN base URI with f-component",
        "URN ref with nested pointer ref", "order of evaluation: $id and $anchor and $ref",
        "order of evaluation: $id and $ref", "ref creates new scope when adjacent to keywords",
        "ref to else", "ref to if", "ref to then", "ref with absolute-path-reference",
        "refs with relative uris and defs", "relative refs with absolute uris and defs",
        "remote ref, containing refs itself", "simple URN base URI with $ref via the URN"}},
      {"required.json", 16, {}},
      {"type.json", 80, {}},
      {"uniqueItems.json", 68, {}},
      {"optional/bignum.json", 9, {}},
      {"optional/ecmascript-regex.json", 74, {"\\a is not an ECMA 262 control escape"}},
      {"optional/float-overflow.json", 1, {}},
      {"optional/no-schema.json", 3, {}},
      {"optional/non-bmp-regex.json", 12, {}},
  };
  return files;
}

const std::set<std::string>& uncovered_2020() {
  static const std::set<std::string> files = {"anchor.json",
                                              "id.json",
                                              "refRemote.json",
                                              "vocabulary.json",
                                              "contains.json",
                                              "content.json",
                                              "dependentRequired.json",
                                              "dependentSchemas.json",
                                              "dynamicRef.json",
                                              "if-then-else.json",
                                              "maxContains.json",
                                              "minContains.json",

                                              "unevaluatedItems.json",
                                              "unevaluatedProperties.json",
                                              "unknownKeyword.json"};
  return files;
}

class OfficialSuite202012 : public testing::TestWithParam<SuiteFile> {};

TEST_P(OfficialSuite202012, gives_the_expected_answer_in_every_case) {
  run_file(CARTPILOT_SCHEMA_SUITE_2020, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Files, OfficialSuite202012, testing::ValuesIn(covered_2020()), test_name);

TEST(OfficialSuite, schemas_with_uncovered_keywords_are_refused_one_and_all) {
  for (const std::string& file : uncovered_2020()) {
    const Json groups = read_suite_file(std::string(CARTPILOT_SCHEMA_SUITE_2020) + "/" + file);
    EXPECT_FALSE(groups.empty()) << file;
    for (const Json& group : groups) {
      EXPECT_THROW(SchemaValidator{group.at("schema")}, Error)
          << file << ": " << group.at("description");
    }
    std::cout << "[ suite    ] " << file << ": " << groups.size() << " groups, all refused\n";
  }
}

TEST(OfficialSuite, no_file_is_left_out_unnoticed) {
  std::set<std::string> known = uncovered_2020();
  for (const SuiteFile& file : covered_2020()) known.insert(file.name);
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(CARTPILOT_SCHEMA_SUITE_2020)) {
    if (entry.is_regular_file()) found.insert(entry.path().filename().string());
  }
  std::set<std::string> unknown;
  std::set_difference(found.begin(), found.end(), known.begin(), known.end(),
                      std::inserter(unknown, unknown.end()));
  EXPECT_EQ(unknown, std::set<std::string>{});
}

/// Draft 7 gives these keywords the same meaning.
const std::vector<SuiteFile>& same_in_draft7() {
  static const std::vector<SuiteFile> files = {
      {"additionalProperties.json", 14, {}},
      {"allOf.json", 14, {}},
      {"anyOf.json", 14, {}},
      {"boolean_schema.json", 18, {}},
      {"const.json", 12, {}},
      {"default.json", 4, {}},
      {"enum.json", 9, {}},
      {"exclusiveMaximum.json", 4, {}},
      {"exclusiveMinimum.json", 4, {}},
      {"maxItems.json", 4, {}},
      {"maxLength.json", 5, {}},
      {"maxProperties.json", 6, {}},
      {"maximum.json", 4, {}},
      {"minItems.json", 4, {}},
      {"minLength.json", 5, {}},
      {"minProperties.json", 6, {}},
      {"minimum.json", 4, {}},
      {"multipleOf.json", 8, {}},
      {"not.json", 12, {}},
      {"oneOf.json", 15, {}},
      {"pattern.json", 4, {}},
      {"patternProperties.json", 21, {}},
      {"properties.json", 18, {}},
      {"propertyNames.json", 10, {}},
      {"required.json", 7, {}},
      {"type.json", 59, {}},
      {"uniqueItems.json", 13, {}},
  };
  return files;
}

class OfficialSuiteDraft7 : public testing::TestWithParam<SuiteFile> {};

TEST_P(OfficialSuiteDraft7, gives_the_expected_answer_where_the_meaning_is_the_same) {
  run_file(CARTPILOT_SCHEMA_SUITE_DRAFT7, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Files, OfficialSuiteDraft7, testing::ValuesIn(same_in_draft7()),
                         test_name);

}  // namespace
}  // namespace cartpilot::schema
