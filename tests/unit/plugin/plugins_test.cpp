#include "plugin/host/plugins.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "cartpilot/plugin.h"
#include "plugin_testing.h"

namespace cartpilot::plugin {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using testing::FakeTransport;
using ::testing::HasSubstr;
using testing::is_loaded;
using ::testing::IsEmpty;
using testing::only;
using testing::only_files;
using testing::TemporaryDirectory;
using testing::zoo;

/// id and status or code of every record: "parrot available", "x CP-P03".
std::vector<std::string> summary(const std::vector<PluginRecord>& records) {
  std::vector<std::string> lines;
  for (const PluginRecord& record : records) {
    const char* status = record.status == PluginStatus::kAvailable  ? "available"
                         : record.status == PluginStatus::kShadowed ? "shadowed"
                         : record.status == PluginStatus::kDisabled ? "disabled"
                                                                    : record.code.c_str();
    lines.push_back(record.id + " " + status);
  }
  return lines;
}

TEST(PluginHost, loads_only_the_file_that_carries_the_name) {
  const TemporaryDirectory directory;
  const auto parrot = directory.place("parrot", "parrot");
  const auto vendor = directory.place("vendor", "vendor");
  const auto crowd = directory.place("namesake", "aardvark");
  FakeTransport transport;
  PluginHost host(only({directory.path()}), transport);
  EXPECT_THAT(host.provider_names(), ElementsAre("rogue", "parrot", "vendor"));
  EXPECT_FALSE(is_loaded(parrot));

  const auto provider = host.make_provider("parrot", {}, {});
  EXPECT_EQ(provider->info().name, "parrot");
  EXPECT_EQ(provider->info().default_model, "parrot-1");
  EXPECT_EQ(provider->info().notice, "repeats what you say");
  EXPECT_TRUE(is_loaded(parrot));
  EXPECT_FALSE(is_loaded(vendor));
  EXPECT_FALSE(is_loaded(crowd));
}

TEST(PluginHost, finds_a_provider_in_a_file_of_another_name_without_loading_unrelated_ones) {
  const TemporaryDirectory directory;
  const auto parrot = directory.place("parrot", "bird");
  const auto vendor = directory.place("vendor", "vendor");
  FakeTransport transport;
  PluginHost host(only({directory.path()}), transport);
  EXPECT_EQ(host.make_provider("parrot", {}, {})->info().name, "parrot");
  EXPECT_EQ(host.make_provider("parrot:parrot", {}, {})->info().name, "parrot");
  EXPECT_TRUE(is_loaded(parrot));
  EXPECT_FALSE(is_loaded(vendor));
  EXPECT_THAT(host.provider_names(), ElementsAre("parrot", "vendor"));
}

TEST(PluginHost, an_unknown_provider_names_near_and_available_ones) {
  const TemporaryDirectory directory;
  directory.place("parrot", "parrot");
  directory.place("vendor", "vendor");
  FakeTransport transport;
  PluginHost host(only({directory.path()}), transport);
  EXPECT_EQ(
      error_of([&] { host.make_provider("parot", {}, {}); }),
      parse_json(
          R"json({"code":"not_found","message":"there is no provider \"parot\" (did you mean parrot?); available: parrot, vendor","retryable":false,"reason":"provider"})json"));
  EXPECT_THAT(error_of([&] { host.make_provider("../../etc/passwd", {}, {}); })["message"].dump(),
              HasSubstr("available: parrot, vendor"));
  PluginHost empty(only({}), transport);
  EXPECT_THAT(error_of([&] { empty.make_provider("x", {}, {}); })["message"].dump(),
              HasSubstr("available: none"));
}

TEST(PluginHost, the_refusal_of_the_very_file_asked_for_is_the_error) {
  const TemporaryDirectory directory;
  directory.write("cartpilot-x.so", "I am a text.\n");
  directory.place("parrot", "parrot");
  FakeTransport transport;
  PluginHost host(only({directory.path()}), transport);
  const Json error = error_of([&] { host.make_provider("x", {}, {}); });
  EXPECT_EQ(error["code"], "unsupported");
  EXPECT_EQ(error["reason"], "CP-P03");
  EXPECT_EQ(error["message"],
            "plugin refused (CP-P03): " + (directory / "cartpilot-x.so").string() +
                ": not an ELF shared library (13 bytes); build it as a shared library "
                "(docs/plugin-authoring.md), or remove it");
  EXPECT_EQ(host.make_provider("parrot", {}, {})->info().name, "parrot");
}

TEST(PluginHost, the_list_shows_every_refused_file_beside_the_good_ones) {
  const TemporaryDirectory directory;
  directory.place("parrot", "parrot");
  directory.place("toolbox", "toolbox");
  directory.write("cartpilot-text.so", "text");
  std::filesystem::create_directory(directory / "cartpilot-folder.so");
  ASSERT_EQ(::mkfifo((directory / "cartpilot-fifo.so").c_str(), 0600), 0);
  std::filesystem::create_symlink(directory / "gone", directory / "cartpilot-link.so");
  FakeTransport transport;
  PluginHost host(only({directory.path()}), transport);
  const std::vector<PluginRecord> records = host.list();
  EXPECT_THAT(summary(records),
              ElementsAre("fifo CP-P02", "folder CP-P02", "link CP-P01", "parrot available",
                          "text CP-P03", "toolbox available"));
  EXPECT_EQ(records[3].version, "2.1.0");
  EXPECT_THAT(records[3].providers, ElementsAre("parrot"));
  EXPECT_THAT(records[3].tool_sets, IsEmpty());
  EXPECT_THAT(records[3].environment, ElementsAre("PARROT_KEY", "PARROT_MOOD"));
  EXPECT_THAT(records[5].tool_sets, ElementsAre("toolbox"));
  EXPECT_FALSE(is_loaded(directory / "cartpilot-parrot.so")) << "a list runs nothing";
  for (const PluginRecord& record : records) {
    EXPECT_EQ(record.status == PluginStatus::kRefused, !record.code.empty());
    EXPECT_EQ(record.code.empty(), record.why.empty()) << record.id;
    EXPECT_EQ(record.code.empty(), record.fix.empty()) << record.id;
  }
}

struct Wrong {
  const char* plugin;
  const char* provider;  ///< by which it is asked for
  const char* code;
  const char* why;
};

class WrongPlugin : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongPlugin, is_refused_with_code_why_and_fix_and_stops_nobody_else) {
  FakeTransport transport;
  PluginHost host(only_files({zoo(GetParam().plugin), zoo("vendor")}), transport);
  const Json error = error_of([&] { host.make_provider(GetParam().provider, {}, {}); });
  EXPECT_EQ(error["reason"], GetParam().code);
  EXPECT_THAT(error["message"].get<std::string>(), HasSubstr(GetParam().why));
  const std::vector<PluginRecord> records = host.list();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].status, PluginStatus::kRefused);
  EXPECT_EQ(records[0].code, GetParam().code);
  EXPECT_THAT(records[0].why, HasSubstr(GetParam().why));
  EXPECT_NE(records[0].fix, "");
  EXPECT_EQ(records[1].status, PluginStatus::kAvailable);
  EXPECT_EQ(host.make_provider("vendor", {}, {})->info().name, "vendor");
}

INSTANTIATE_TEST_SUITE_P(
    Zoo, WrongPlugin,
    ::testing::Values(Wrong{"other-epoch", "other-epoch", "CP-P07",
                            "built for plugin ABI epoch 2; this cartpilot speaks epoch 1"},
                      Wrong{"small-table", "small-table", "CP-P14",
                            "lacks create, destroy or chat"},
                      Wrong{"init-fails", "init-fails", "CP-P15", "it failed to start: no coffee"}),
    [](const auto& wrong) {
      std::string name = wrong.param.plugin;
      for (char& c : name) c = c == '-' ? '_' : c;
      return name;
    });

TEST(PluginHost, of_files_with_one_name_the_first_good_one_is_used_and_the_bad_one_named) {
  const TemporaryDirectory first;
  const TemporaryDirectory second;
  const TemporaryDirectory third;
  const auto bad = first.write("cartpilot-parrot.so", "text");
  second.place("parrot", "parrot");
  third.place("parrot", "bird");
  FakeTransport transport;
  PluginHost host(only({first.path(), second.path(), third.path()}), transport);
  EXPECT_THAT(summary(host.list()),
              ElementsAre("parrot CP-P03", "parrot available", "parrot shadowed"));
  EXPECT_THAT(host.notices(), IsEmpty()) << "nothing was used yet";
  EXPECT_EQ(host.make_provider("parrot", {}, {})->info().name, "parrot");
  EXPECT_THAT(host.notices(), ElementsAre(HasSubstr("is used, because " + bad.string())));
}

TEST(PluginHost, a_named_file_is_never_replaced_by_another) {
  const TemporaryDirectory directory;
  const TemporaryDirectory later;
  SearchOptions search = only_files({directory.write("cartpilot-parrot.so", "text")});
  search.directories = {later.path()};
  later.place("parrot", "parrot");
  FakeTransport transport;
  PluginHost host(search, transport);
  EXPECT_EQ(error_of([&] { host.make_provider("parrot", {}, {}); })["reason"], "CP-P03");
  EXPECT_THAT(summary(host.list()), ElementsAre("parrot CP-P03", "parrot shadowed"));
}

TEST(PluginHost, the_allow_list_disables_without_loading) {
  const TemporaryDirectory directory;
  const auto parrot = directory.place("parrot", "parrot");
  directory.place("vendor", "vendor");
  SearchOptions search = only({directory.path()});
  search.environment_allow = "vendor";
  FakeTransport transport;
  PluginHost host(search, transport);
  EXPECT_THAT(host.provider_names(), ElementsAre("vendor"));
  EXPECT_EQ(error_of([&] { host.make_provider("parrot", {}, {}); })["message"],
            "plugin parrot is left out by CARTPILOT_PLUGINS; add it there or name its file");
  EXPECT_THAT(summary(host.list()), ElementsAre("parrot disabled", "vendor available"));
  EXPECT_FALSE(is_loaded(parrot));
}

TEST(PluginHost, a_plugin_sees_only_the_environment_it_declared) {
  FakeTransport transport;
  PluginHost host(only_files({zoo("parrot")}), transport);
  const auto provider = host.make_provider(
      "parrot", {{"PARROT_KEY", "k"}, {"PARROT_MOOD", "m"}, {"OPENAI_API_KEY", "not yours"}},
      {{"say", "environment"}});
  testing::EventList sink;
  provider->generate({}, sink, CallContext());
  EXPECT_EQ(sink.events[1]["text"], "PARROT_KEY;");
  EXPECT_EQ(sink.events[2]["text"], "PARROT_MOOD;");
  EXPECT_EQ(sink.events[3]["type"], "tool_call");
}

TEST(PluginHost, notices_of_the_search_are_kept) {
  SearchOptions search = only({});
  search.environment_path = "relative";
  FakeTransport transport;
  PluginHost host(search, transport);
  EXPECT_THAT(host.notices(), ElementsAre(HasSubstr("relative entry")));
}

}  // namespace
}  // namespace cartpilot::plugin
