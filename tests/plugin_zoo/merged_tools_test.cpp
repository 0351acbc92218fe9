// Functions of several plugins in one conversation, through the program.
#include <gmock/gmock.h>

#include "private_dir.h"

namespace cartpilot::plugin_zoo {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// What came back from the function the model called.
std::string talk(const e2e::Result& result) {
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const auto ends = e2e::of_type(e2e::json_lines(result.out), "turn_end");
  return ends.empty() ? result.err : string_or(ends.front(), "text");
}

TEST(MergedTools, several_sets_stand_beside_cartpilots_own_with_their_effects) {
  PrivateDir dir;
  for (const char* name : {"caller", "shop-guide"}) dir.put(name);
  const e2e::Result result = dir.chat("caller", {"--provider-option", "call=note_down",
                                                 "--provider-option", "with={\"place\":\"A\"}"});
  EXPECT_THAT(result.out, AllOf(HasSubstr("create_intent"), HasSubstr("opening_hours note_down")));
  EXPECT_THAT(talk(result), HasSubstr("{\"said\":\"shop-guide note_down\",\"to\":\"A\"}"));
  EXPECT_EQ(result.err, "");
}

TEST(MergedTools, lists_and_declarations_hold_what_can_be_called) {
  PrivateDir dir;
  for (const char* name : {"shop-guide", "city-guide", "spender"}) dir.put(name);
  const auto names_in = [](const Json& list) {
    std::vector<std::string> names;
    for (const Json& one : list) {
      names.push_back((one.contains("function") ? one["function"] : one)["name"]);
    }
    return names;
  };
  const e2e::Result listed = dir.run({"tools", "list", "--json"});
  const std::vector<std::string> names = names_in(parse_json(listed.out));
  EXPECT_EQ(names.front(), "create_intent");
  EXPECT_THAT(names, ::testing::IsSupersetOf({"confirm_checkout", "city-guide__opening_hours",
                                              "shop-guide__opening_hours", "note_down"}));
  EXPECT_THAT(names, Not(::testing::Contains("give_tip")));
  EXPECT_THAT(listed.err, AllOf(HasSubstr("CP-P31"), HasSubstr("CP-P32")));

  const e2e::Result declared = dir.run({"tools", "declarations", "--provider", "openai",
                                        "--with-effects", "--allow-money-tools", "spender"});
  const Json declarations = parse_json(declared.out);
  std::vector<std::string> with_money = names_in(declarations["declarations"]);
  EXPECT_THAT(with_money, ::testing::IsSupersetOf(names));
  EXPECT_THAT(with_money, ::testing::Contains("give_tip"));
  EXPECT_EQ(declarations["effects"]["give_tip"], "money");
  EXPECT_EQ(declarations["effects"]["note_down"], "write");
}

TEST(MergedTools, names_two_plugins_want_collide_loudly_and_both_get_long_names) {
  PrivateDir dir;
  for (const char* name : {"caller", "shop-guide", "city-guide"}) dir.put(name);
  const e2e::Result result =
      dir.chat("caller", {"--provider-option", "call=city-guide__opening_hours"});
  EXPECT_THAT(result.err,
              HasSubstr("CP-P31: the plugins city-guide and shop-guide both have a function "
                        "opening_hours; the model sees city-guide__opening_hours and "
                        "shop-guide__opening_hours instead"));
  EXPECT_THAT(talk(result), HasSubstr("{\"said\":\"city-guide opening_hours\""));
  const e2e::Result shortly = dir.chat("caller", {"--provider-option", "call=opening_hours"});
  EXPECT_THAT(talk(shortly), HasSubstr("UNKNOWN_FUNCTION"));
  EXPECT_THAT(shortly.out,
              HasSubstr("city-guide__opening_hours shop-guide__opening_hours note_down"));
}

TEST(MergedTools,
     a_money_function_of_a_stranger_is_left_out_alone_and_the_flag_that_lets_it_in_is_named) {
  PrivateDir dir;
  for (const char* name : {"caller", "spender", "shop-guide"}) dir.put(name);
  const e2e::Result result = dir.chat("caller", {"--provider-option", "call=give_tip"});
  EXPECT_THAT(result.err, HasSubstr("CP-P32: the function give_tip of plugin spender is left out: "
                                    "it spends money; if you trust it with yours, pass "
                                    "--allow-money-tools spender"));
  EXPECT_THAT(talk(result), HasSubstr("UNKNOWN_FUNCTION"));
  EXPECT_THAT(result.out, AllOf(HasSubstr("count_tips"), HasSubstr("opening_hours")));
  const e2e::Result other = dir.chat("caller", {"--provider-option", "call=count_tips"});
  EXPECT_THAT(talk(other), HasSubstr("\"said\":\"spender count_tips\""));
}

TEST(MergedTools, a_money_function_that_is_left_out_is_told_once) {
  PrivateDir dir;
  for (const char* name : {"caller", "spender"}) dir.put(name);
  EXPECT_THAT(dir.chat("caller").err, HasSubstr("CP-P32"));
  EXPECT_EQ(dir.chat("caller").err, "");
  EXPECT_EQ(dir.run({"tools", "list"}).err, "");
  // Another state folder belongs to another person, who was not told.
  EXPECT_THAT(dir.run({"tools", "list"}, {{"XDG_STATE_HOME", (dir.home() / "new").string()}}).err,
              HasSubstr("CP-P32"));
}

TEST(MergedTools, the_flag_counts_for_the_plugin_it_names_and_nobody_else) {
  PrivateDir dir;
  for (const char* name : {"caller", "spender"}) dir.put(name);
  const e2e::Result result =
      dir.chat("caller", {"--allow-money-tools", "shop-guide", "--provider-option", "call=x"});
  EXPECT_THAT(result.err, HasSubstr("CP-P32"));
}

TEST(MergedTools, an_allowed_money_function_still_needs_a_person) {
  PrivateDir dir;
  for (const char* name : {"caller", "spender"}) dir.put(name);
  const e2e::Result result =
      dir.chat("caller", {"--allow-money-tools", "spender", "--provider-option", "call=give_tip"});
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, HasSubstr("give_tip count_tips"));
  EXPECT_THAT(talk(result), AllOf(HasSubstr("APPROVAL_REQUIRED"), Not(HasSubstr("\"said\""))));
}

/// The same on a terminal, where the person types `typed`, or the code when that is empty.
std::string tip_on_a_terminal(const std::string& typed) {
  PrivateDir dir;
  for (const char* name : {"caller", "spender"}) dir.put(name);
  e2e::Program program(
      dir.house(),
      {"chat", "--provider", "caller", "--allow-money-tools", "spender", "--provider-option",
       "call=give_tip", "--provider-option", "with={\"place\":\"bar\"}", "--plugin-path",
       dir.plugins().string(), "hello"},
      {}, true);
  program.wait_for("MONEY (from the program, not from the assistant)");
  program.wait_for("Type the code ");
  const std::string code = program.wait_for_match("\\([a-z]{4}\\) to agree").substr(1, 4);
  program.wait_for("s]: ");
  program.write((typed.empty() ? code : typed) + "\n");
  return program.finish().out;
}

TEST(MergedTools, a_person_says_yes_or_anything_else_to_each_money_call) {
  EXPECT_THAT(tip_on_a_terminal(""),
              AllOf(HasSubstr("Of plugin   spender"), HasSubstr("\"said\":\"spender give_tip\"")));
  EXPECT_THAT(tip_on_a_terminal("no"),
              AllOf(HasSubstr("APPROVAL_DECLINED"), Not(HasSubstr("\"said\""))));
}

TEST(MergedTools, a_name_of_cartpilots_own_is_never_given_away) {
  PrivateDir dir;
  dir.put("caller");
  dir.put("thief");
  const e2e::Result result = dir.chat("caller", {"--provider-option", "call=get_order_status"});
  EXPECT_THAT(result.err, HasSubstr("CP-P31: the functions of plugin thief are left out: "
                                    "confirm_checkout is one of cartpilot's own"));
  EXPECT_THAT(result.out, Not(HasSubstr("thief")));
}

TEST(MergedTools, what_a_tool_set_logs_is_shown_from_the_level_that_was_asked_for) {
  PrivateDir dir;
  for (const char* name : {"caller", "toolbox"}) dir.put(name);
  const std::vector<std::string> allow = {"--allow-money-tools", "toolbox"};
  EXPECT_EQ(dir.chat("caller", allow).err, "");
  EXPECT_EQ(dir.chat("caller", {"--log-level", "info", allow[0], allow[1]}).err,
            "toolbox: the toolbox is open\n");
}

TEST(MergedTools, one_broken_plugin_of_each_kind_stops_no_conversation) {
  PrivateDir dir;
  for (const char* name :
       {"caller", "shop-guide", "crashes", "missing-library", "no-note", "epoch-newer"}) {
    dir.put(name);
  }
  dir.write("text", "I am a text");
  const e2e::Result result = dir.chat("caller", {"--provider-option", "call=opening_hours"});
  EXPECT_THAT(talk(result), HasSubstr("shop-guide opening_hours"));
}

}  // namespace
}  // namespace cartpilot::plugin_zoo
