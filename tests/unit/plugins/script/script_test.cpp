// Reading script files: what they know, and what is said of what they do not know.
#include "script/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "playing.h"

namespace cartpilot::script {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::string refusal_of(const std::string& toml) {
  return failure_of([&] { read_script(parse_toml("s.toml", toml)); });
}

std::string json_refusal_of(const std::string& json) {
  return failure_of([&] { read_script(parse_json_document("s.json", json)); });
}

TEST(ScriptFile, toml_and_json_are_the_same_script) {
  const Document toml = parse_toml("s", R"(
model = "m-1"
[[answer]]
when = { user = "tent", turn = 2 }
text = "Look."
calls = [{ name = "f", arguments = { z = 1, a = [true, 2.5, "x"] } }]
[[answer]]
times = "always"
[answer.error]
code = "deadline"
retry_after_ms = 5
)");
  const Document json = parse_json_document("s", R"({
  "model": "m-1",
  "answer": [
    {"when": {"user": "tent", "turn": 2}, "text": "Look.",
     "calls": [{"name": "f", "arguments": {"z": 1, "a": [true, 2.5, "x"]}}]},
    {"times": "always", "error": {"code": "deadline", "retry_after_ms": 5}}
  ]
})");
  EXPECT_EQ(dump_json(toml.root), dump_json(json.root));
  const Script script = read_script(toml);
  ASSERT_EQ(script.answers.size(), 2U);
  EXPECT_EQ(script.model, "m-1");
  EXPECT_EQ(script.answers[0].line, 3);
  EXPECT_EQ(script.answers[0].when.turn, 2);
  EXPECT_EQ(script.answers[1].times, 0);
  EXPECT_EQ(script.answers[1].error->code, ErrorCode::kDeadline);
  EXPECT_EQ(read_script(json).answers[1].line, 6);
}

TEST(ScriptFile, an_unknown_word_is_named_with_its_line_and_the_near_one) {
  EXPECT_EQ(refusal_of("[[answer]]\n\ntxt = \"x\"\n"),
            "invalid_argument s.toml, line 3: an answer has no 'txt', did you mean 'text'? It "
            "knows calls, cut, delay_ms, error, expect, finish, play, reasoning, text, times, "
            "usage, warning, when");
  EXPECT_THAT(refusal_of("[[answer]]\ncalls = [\n  { name = \"f\" },\n  { nane = \"g\", name = "
                         "\"g\" },\n]\n"),
              StartsWith("invalid_argument s.toml, line 4: a call has no 'nane', did you mean "
                         "'name'?"));
  EXPECT_THAT(refusal_of("[[anser]]\n"),
              StartsWith("invalid_argument s.toml, line 1: a script has no 'anser', did you mean "
                         "'answer'?"));
  EXPECT_THAT(json_refusal_of("{\"answer\": [\n{\"text\": \"a\"},\n{\"when\":\n{\"usr\": "
                              "\"a\"}}]}"),
              StartsWith("invalid_argument s.json, line 4: a condition has no 'usr', did you mean "
                         "'user'?"));
  EXPECT_THAT(refusal_of("[[answer]]\nzzzzzzzz = 1\n"),
              StartsWith("invalid_argument s.toml, line 2: an answer has no 'zzzzzzzz'. It knows"));
}

TEST(ScriptFile, a_wrong_value_is_named_with_its_line) {
  EXPECT_EQ(refusal_of("[[answer]]\ntext = 3\n"),
            "invalid_argument s.toml, line 2: text: expected text");
  EXPECT_EQ(refusal_of("[[answer]]\ncut = \"yes\"\n"),
            "invalid_argument s.toml, line 2: cut: expected true or false");
  EXPECT_EQ(refusal_of("[[answer]]\ndelay_ms = -1\n"),
            "invalid_argument s.toml, line 2: delay_ms: expected a whole number from 0 to 600000");
  EXPECT_EQ(json_refusal_of("{\"answer\": [{\n\"times\":\n0\n}]}"),
            "invalid_argument s.json, line 2: times: expected a whole number from 1 to 1000000");
  EXPECT_EQ(refusal_of("[[answer]]\nfinish = \"stopp\"\n"),
            "invalid_argument s.toml, line 2: finish: there is no 'stopp', did you mean 'stop'? It "
            "is one of stop, tool_calls, length, content_filter, error, other");
  EXPECT_EQ(refusal_of("[[answer]]\ntimes = \"allways\"\n"),
            "invalid_argument s.toml, line 2: times: expected a number or \"always\"");
  EXPECT_THAT(refusal_of("[[answer]]\ncalls = [{ nme = \"f\" }]\n"),
              StartsWith("invalid_argument s.toml, line 2: a call has no 'nme', did you mean "
                         "'name'?"));
  EXPECT_EQ(refusal_of("[[answer]]\ncalls = [{ arguments = {} }]\n"),
            "invalid_argument s.toml, line 2: name: a call needs the name of its function");
  EXPECT_EQ(refusal_of("[[answer]]\ncalls = [{ name = \"f\", arguments = \"{}\" }]\n"),
            "invalid_argument s.toml, line 2: arguments: expected a table");
  EXPECT_EQ(
      refusal_of("[[answer]]\ncut = true\nfinish = \"stop\"\n"),
      "invalid_argument s.toml, line 2: cut: an answer ends in one way: finish, cut or error");
  EXPECT_EQ(refusal_of("answer = [1]\n"), "invalid_argument s.toml, line 1: an answer is a table");
  EXPECT_EQ(refusal_of("model = \"m\"\n"),
            "invalid_argument s.toml: a script needs at least one [[answer]]");
  EXPECT_EQ(json_refusal_of("[]"), "invalid_argument s.json, line 1: a script is a table");
}

TEST(ScriptFile, broken_text_is_named_with_its_line) {
  EXPECT_THAT(refusal_of("[[answer]]\ntext = \"a\n"),
              StartsWith("invalid_argument s.toml, line 2: "));
  EXPECT_THAT(refusal_of("[[answer]]\ntext = \"a\"\ntext = \"b\"\n"),
              StartsWith("invalid_argument s.toml, line 3: "));
  EXPECT_THAT(json_refusal_of("{\"answer\":\n ["), HasSubstr("line 2"));
  EXPECT_EQ(json_refusal_of("{\"answer\": [],\n \"model\": \"m\",\n \"answer\": []}"),
            "invalid_argument s.json, line 3: 'answer' stands there twice");
  EXPECT_EQ(json_refusal_of("{\"answer\": [{\"calls\": [{\"name\": \"f\", \"arguments\":"
                            "{\"a/b\": 1, \"a\": {\"b\": 2}}}]}]}"),
            "");
  EXPECT_THAT(json_refusal_of("{\"answer\": " + std::string(5000, '[')),
              HasSubstr("deeper than 64 levels"));
  EXPECT_EQ(refusal_of("[[answer]]\ncalls = [{ name = \"f\", arguments = { a = [1.5, nan] } }]\n"),
            "invalid_argument s.toml, line 2: inf and nan cannot be sent as JSON");
}

TEST(ScriptFile, a_file_that_cannot_be_read_is_not_found) {
  const std::string folder = std::filesystem::temp_directory_path().string();
  EXPECT_EQ(failure_of([&] { read_document(folder); }),
            "not_found the script '" + folder + "' is not a regular file");
  EXPECT_EQ(failure_of([&] { read_document("/nowhere/s.toml"); }),
            "not_found the script '/nowhere/s.toml' does not exist");
  const ScriptFile large("#" + std::string(4 << 20, ' '));
  EXPECT_THAT(failure_of([&] { read_document(large.path()); }), EndsWith("is larger than 4 MiB"));
}

}  // namespace
}  // namespace cartpilot::script
