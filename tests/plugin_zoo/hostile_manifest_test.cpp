// Cases 13 to 24 of docs/plugin-errors.md: what a plugin says about itself, and what it needs.
#include <gmock/gmock.h>

#include "private_dir.h"

namespace cartpilot::plugin_zoo {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + 1)) {
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST(HostilePlugin,
     case_13_manifests_that_lie_about_their_form_are_refused_and_printed_harmlessly) {
  PrivateDir dir;
  for (const char* name :
       {"note-not-json", "note-wrong-type", "note-duplicate", "note-escape", "note-deep"}) {
    dir.put(name);
    EXPECT_EQ(string_or(dir.listed(name), "code"), "CP-P12") << name;
  }
  dir.put("note-huge");
  EXPECT_EQ(string_or(dir.listed("note-huge"), "code"), "CP-P06") << "10 MiB are not even read";
  EXPECT_THAT(string_or(dir.listed("note-deep"), "why"), HasSubstr("nested deeper than 64 levels"));
  EXPECT_THAT(string_or(dir.listed("note-duplicate"), "why"),
              HasSubstr("\"version\" occurs twice"));
  EXPECT_THAT(dir.run({"plugin", "list"}).out, Not(HasSubstr("\x1b")));
  dir.expect_refused_unseen("note-escape", "CP-P12", "is no plugin id");
}

TEST(HostilePlugin, case_14_two_manifests_are_ambiguous) {
  PrivateDir dir;
  dir.put("two-notes");
  dir.expect_refused_unseen("two-notes", "CP-P19", "it has two manifests");
}

TEST(HostilePlugin, case_15_another_epoch_is_refused_with_both_numbers_and_the_way_out) {
  PrivateDir dir;
  dir.put("epoch-newer");
  dir.put("epoch-older");
  dir.expect_refused_unseen("epoch-newer", "CP-P07",
                            "built for plugin ABI epoch 2; this cartpilot speaks epoch 1");
  EXPECT_THAT(string_or(dir.listed("epoch-newer"), "fix"), HasSubstr("install a newer cartpilot"));
  EXPECT_THAT(string_or(dir.listed("epoch-older"), "why"), HasSubstr("epoch 0"));
  EXPECT_THAT(string_or(dir.listed("epoch-older"), "fix"), HasSubstr("a build of it for epoch 1"));
}

TEST(HostilePlugin, case_16_needs_this_program_cannot_meet_are_named) {
  PrivateDir dir;
  dir.put("needs-service");
  dir.put("needs-revision");
  dir.expect_refused_unseen("needs-service", "CP-P13", "the service cartpilot.host.http/9");
  dir.expect_refused_unseen("needs-revision", "CP-P13", "plugin ABI revision 99");
  EXPECT_THAT(string_or(dir.listed("needs-revision"), "fix"), HasSubstr("revision 99 or newer"));
}

TEST(HostilePlugin, case_17_library_versions_newer_than_the_system_are_named_with_the_remedy) {
  PrivateDir dir;
  const std::string bytes = PrivateDir::bytes("good");
  ASSERT_THAT(bytes, HasSubstr("GLIBC_2.2.5"));
  dir.write("modern", replaced(bytes, "GLIBC_2.2.5", "GLIBC_9.9.9"));
  dir.expect_refused_unseen("modern", "CP-P24",
                            "it needs GLIBC_9.9.9; this system has up to GLIBC_");
  EXPECT_THAT(string_or(dir.listed("modern"), "fix"), HasSubstr("link libstdc++ statically"));
}

TEST(HostilePlugin, case_18_a_missing_library_is_named_with_who_needs_it) {
  PrivateDir dir;
  dir.put("missing-library");
  dir.expect_refused_when_tried("missing-library", "CP-P08",
                                "libabsent.so.3: cannot open shared object file");
}

TEST(HostilePlugin, case_19_an_undefined_symbol_is_found_at_once_and_shown_as_people_wrote_it) {
  PrivateDir dir;
  dir.put("missing-symbol");
  dir.expect_refused_when_tried("missing-symbol", "CP-P08", "(zoo::missing(int))");
  EXPECT_THAT(string_or(dir.info("missing-symbol"), "fix"), HasSubstr("-Wl,-z,defs"));
}

TEST(HostilePlugin, case_20_an_entry_that_is_missing_hidden_or_data_is_named) {
  PrivateDir dir;
  for (const char* name : {"no-entry", "hidden-entry", "data-entry"}) {
    dir.put(name);
    EXPECT_EQ(string_or(dir.listed(name), "code"), "CP-P09") << name;
  }
  EXPECT_THAT(string_or(dir.listed("data-entry"), "why"), HasSubstr("is data, not a function"));
  dir.expect_refused_unseen("no-entry", "CP-P09", "it does not export cartpilot_plugin_entry");
}

TEST(HostilePlugin, case_21_an_entry_that_returns_nothing_has_declined) {
  PrivateDir dir;
  dir.put("declines");
  dir.expect_refused_when_tried("declines", "CP-P10",
                                "it declined to work with plugin ABI epoch 1");
}

TEST(HostilePlugin, case_22_an_entry_that_returns_garbage_is_refused) {
  PrivateDir dir;
  for (const char* name : {"bad-magic", "size-zero", "size-huge", "garbage-pointer"}) dir.put(name);
  dir.expect_refused_when_tried("bad-magic", "CP-P11", "the magic number 0xdeadbeef");
  EXPECT_EQ(string_or(dir.info("size-zero"), "why"), "its plugin struct claims 0 bytes");
  EXPECT_EQ(string_or(dir.info("size-huge"), "why"), "its plugin struct claims 4294967295 bytes");
  EXPECT_EQ(string_or(dir.info("garbage-pointer"), "code"), "CP-P27");
  EXPECT_THAT(string_or(dir.info("garbage-pointer"), "why"),
              HasSubstr("in cartpilot_plugin_entry (Segmentation fault)"));
}

TEST(HostilePlugin, case_23_a_manifest_in_the_code_that_differs_from_the_note_is_refused) {
  PrivateDir dir;
  dir.put("other-manifest");
  dir.expect_refused_when_tried("other-manifest", "CP-P25",
                                "its code and its note hold different manifests");
}

TEST(HostilePlugin, case_24_a_promised_interface_must_be_there_and_one_not_promised_is_a_warning) {
  PrivateDir dir;
  dir.put("no-table");
  dir.put("undeclared-table");
  dir.expect_refused_when_tried("no-table", "CP-P14",
                                "it promises cartpilot.provider/1 but does not offer it");
  const Json record = dir.info("undeclared-table");
  EXPECT_EQ(string_or(record, "status"), "ok");
  EXPECT_THAT(record["warnings"], ElementsAre("it offers cartpilot.toolset/1 without declaring it "
                                              "in its manifest; that is not used"));
}

}  // namespace
}  // namespace cartpilot::plugin_zoo
