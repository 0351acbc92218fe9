// Cases 25 to 40 of docs/plugin-errors.md: what happens while a plugin is loaded.
#include <gmock/gmock.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "private_dir.h"

namespace cartpilot::plugin_zoo {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(HostilePlugin, case_25_an_exception_in_a_static_constructor_is_told_with_its_words) {
  PrivateDir dir;
  dir.put("throws-in-constructor");
  dir.expect_refused_when_tried("throws-in-constructor", "CP-P27",
                                "in a static constructor (Aborted): std::runtime_error(no coffee)");
}

TEST(HostilePlugin, case_26_a_crash_in_a_static_constructor_is_told_with_signal_and_phase) {
  PrivateDir dir;
  dir.put("crashes");
  dir.put("aborts");
  dir.put("init-crashes");
  dir.expect_refused_when_tried("crashes", "CP-P27",
                                "it crashed in a static constructor (Segmentation fault)");
  EXPECT_THAT(string_or(dir.info("aborts"), "why"), HasSubstr("in a static constructor (Aborted)"));
  EXPECT_THAT(string_or(dir.info("init-crashes"), "why"),
              HasSubstr("in its init function (Segmentation fault)"));
}

TEST(HostilePlugin, case_27_ending_the_process_is_a_failure_even_with_exit_code_0) {
  PrivateDir dir;
  dir.put("exits");
  dir.put("exits-at-once");
  dir.expect_refused_when_tried(
      "exits", "CP-P28", "it ended the process in a static constructor (exit code 0) instead of");
  EXPECT_EQ(string_or(dir.info("exits-at-once"), "code"), "CP-P28");
}

TEST(HostilePlugin, case_28_endless_loading_is_ended_at_the_deadline_and_remembered) {
  PrivateDir dir;
  dir.put("loops");
  dir.put("init-loops");
  dir.expect_refused_when_tried("loops", "CP-P29",
                                "it did not come back in a static constructor within 1000 ms",
                                {"--probe-timeout", "1"});
  EXPECT_THAT(string_or(dir.info("init-loops", {"--probe-timeout", "1"}), "why"),
              HasSubstr("in its init function within 1000 ms"));
  // Remembered: with the ordinary deadline of ten seconds the answer is there at once.
  EXPECT_EQ(string_or(dir.listed("loops"), "code"), "CP-P29");
  EXPECT_THAT(string_or(dir.info("loops"), "why"), HasSubstr("within 1000 ms"));
}

TEST(HostilePlugin, case_29_daemons_a_constructor_starts_are_ended_with_it) {
  PrivateDir dir;
  dir.put("daemon");
  const fs::path marker = dir.home() / "marker";
  dir.expect_refused_when_tried("daemon", "CP-P28", "in a static constructor (exit code 0)", {},
                                {{"CARTPILOT_TEST_ZOO_MARKER", marker.string()}});
  const std::string number = read_file(marker);
  ASSERT_NE(number, "") << "the daemon was not even started";
  const fs::path process = fs::path("/proc") / number.substr(0, number.find('\n'));
  EXPECT_NE(read_file(process / "comm"), "zoo-daemon\n") << "it still runs as " << process;
}

TEST(HostilePlugin, case_30_a_constructor_that_reads_standard_input_finds_it_empty) {
  PrivateDir dir;
  dir.put("reads-input");
  const fs::path marker = dir.home() / "marker";
  const e2e::Result result =
      dir.run({"plugin", "info", "reads-input"}, {{"CARTPILOT_TEST_ZOO_MARKER", marker.string()}},
              "this is not for plugins\n");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  // It is tried, and then asked for its details.
  const std::string seen = read_file(marker);
  EXPECT_THAT(seen, testing::StartsWith("input is empty\n"));
  EXPECT_THAT(seen, testing::Not(testing::HasSubstr("something")));
}

TEST(HostilePlugin, case_31_megabytes_on_standard_output_block_nothing) {
  PrivateDir dir;
  dir.put("floods");
  const Json record = dir.info("floods");
  EXPECT_EQ(string_or(record, "status"), "ok") << record.dump(1);
  EXPECT_EQ(record["tried"], true);
}

TEST(HostilePlugin, case_32_what_a_plugin_prints_while_it_is_loaded_is_no_output_of_the_program) {
  PrivateDir dir;
  dir.put("prints");
  const e2e::Result result = dir.run({"models", "--provider", "prints", "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "[{\"id\":\"prints-1\",\"description\":\"\"}]\n");
  EXPECT_THAT(result.err, HasSubstr("{\"a constructor\":\"prints\"}"));
}

TEST(HostilePlugin, case_33_a_sanitizer_build_is_refused_by_an_ordinary_program) {
  PrivateDir dir;
#if defined(__SANITIZE_ADDRESS__)
  const std::string foreign = "thread-sanitizer";
  const std::string name = "ThreadSanitizer";
#else
  const std::string foreign = "address-sanitizer";
  const std::string name = "AddressSanitizer";
#endif
  dir.put(foreign);
  dir.expect_refused_unseen(foreign, "CP-P23",
                            "it was built with " + name + ", and this cartpilot was not");
}

/// The parrot built as `name` gives its models, streams text, and its errors and exceptions arrive.
void expect_works(const std::string& name) {
  PrivateDir dir;
  dir.put(name);
  const e2e::Environment key = {{"PARROT_KEY", "k"}};
  const e2e::Result models = dir.run({"models", "--provider", name}, key);
  EXPECT_EQ(models.exit_code, 0) << name << ": " << models.err;
  EXPECT_THAT(models.out, HasSubstr("parrot-1")) << name;
  for (const auto& [what, message] :
       {std::pair("int", "unknown exception"), std::pair("error", "slow down")}) {
    const e2e::Result thrown = dir.chat(
        name,
        {"--provider-option", "where=chat", "--provider-option", std::string("throw=") + what},
        key);
    EXPECT_EQ(thrown.exit_code, 4) << name << ": " << thrown.err;
    EXPECT_THAT(thrown.out, HasSubstr("\"text\":\"you said: \"")) << name;
    EXPECT_THAT(thrown.out, HasSubstr(message)) << name;
  }
}

TEST(HostilePlugin, case_34_another_compiler_standard_or_link_time_optimisation_does_not_matter) {
  for (const char* name : {"built-by-clang", "built-as-cxx20-lto", "built-optimised"}) {
    expect_works(name);
  }
}

TEST(HostilePlugin, case_35_another_string_abi_json_library_or_runtime_does_not_matter) {
  for (const char* name :
       {"built-old-strings", "built-debug-containers", "built-other-json", "built-without-rtti",
        "built-short-enums", "built-static-runtime", "built-undefined-sanitizer"}) {
    expect_works(name);
  }
}

TEST(HostilePlugin, case_36_an_executable_stack_is_refused) {
  PrivateDir dir;
  dir.put("executable-stack");
  dir.expect_refused_unseen("executable-stack", "CP-P20", "an executable stack");
}

TEST(HostilePlugin, case_37_a_changed_floating_point_mode_is_put_back_with_a_warning) {
  PrivateDir dir;
  dir.put("fast-math");
  const e2e::Result result = dir.chat("fast-math");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("plugin fast-math: it changed the floating-point mode of the "
                                    "program, which was put back"));
  EXPECT_THAT(dir.info("fast-math")["warnings"],
              Contains("it changed the floating-point mode of the program, which was put back"));
}

TEST(HostilePlugin, case_38_text_relocations_are_refused) {
  PrivateDir dir;
  dir.put("text-relocations");
  dir.expect_refused_unseen("text-relocations", "CP-P21", "text relocations");
}

TEST(HostilePlugin, case_39_library_paths_that_lead_to_the_current_folder_are_refused) {
  PrivateDir dir;
  dir.put("relative-runpath");
  dir.put("empty-runpath");
  dir.put("library-by-path");
  dir.expect_refused_unseen("relative-runpath", "CP-P22", "its RUNPATH has the entry \"here\"");
  EXPECT_THAT(string_or(dir.listed("empty-runpath"), "why"), HasSubstr("has the entry \"\""));
  EXPECT_THAT(string_or(dir.listed("library-by-path"), "why"),
              HasSubstr("/libnameless.so\" by a path"));
}

TEST(HostilePlugin, case_40_exporting_everything_is_harmless) {
  PrivateDir dir;
  dir.put("exports-all");
  const e2e::Result result = dir.chat("exports-all");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\"text\":\"hello\""));
}

}  // namespace
}  // namespace cartpilot::plugin_zoo
