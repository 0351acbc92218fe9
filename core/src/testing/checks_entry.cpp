// Checks of the entry function, of query() and of create().
#include <array>
#include <string>

#include "cartpilot/detail/calls.h"
#include "testing/check_subject.h"

namespace cartpilot::testing {
namespace {

void unknown_epoch(const Subject& subject) {
  const PluginUnderTest plugin(subject.file);
  const EntryFunction entry = find_entry(plugin.handle());
  for (const std::uint32_t epoch : {0U, 2U, 0xffffffffU}) {
    const cp_plugin* answer = entry(epoch, 0);
    expect(answer == nullptr || answer->magic == CP_MAGIC,
           "asked for epoch " + std::to_string(epoch) + " it returned rubbish");
  }
}

const void* query(const PluginUnderTest& plugin, const std::string& id) {
  expect(CP_HAS(cp_plugin, &plugin.plugin(), query), "it has no query function");
  return plugin.plugin().query(id.c_str());
}

void declared_interfaces(const Subject& subject) {
  const PluginUnderTest plugin(subject.file);
  expect(plugin.declares(Interface::kProvider) || plugin.declares(Interface::kToolSet),
         "its manifest declares no interface of this cartpilot");
  for (const auto& [interface, id] :
       {std::pair{Interface::kProvider, CP_PROVIDER}, std::pair{Interface::kToolSet, CP_TOOLSET}}) {
    if (!plugin.declares(interface)) continue;
    expect(query(plugin, id) != nullptr,
           std::string("its manifest declares ") + id + ", and query() returns null for it");
  }
}

void struct_sizes(const Subject& subject) {
  const PluginUnderTest plugin(subject.file);
  constexpr std::uint32_t kAbsurd = 4096;
  expect(plugin.plugin().struct_size <= kAbsurd, "cp_plugin.struct_size is absurd");
  if (plugin.declares(Interface::kProvider) && query(plugin, CP_PROVIDER) != nullptr) {
    const cp_provider_v1& table = plugin.provider();
    expect(table.struct_size <= kAbsurd, "cp_provider_v1.struct_size is absurd");
    expect(table.create != nullptr && table.destroy != nullptr && table.chat != nullptr,
           "cp_provider_v1 lacks create, destroy or chat");
  }
  if (plugin.declares(Interface::kToolSet) && query(plugin, CP_TOOLSET) != nullptr) {
    const cp_toolset_v1& table = plugin.tool_set();
    expect(table.struct_size <= kAbsurd, "cp_toolset_v1.struct_size is absurd");
    expect(table.create != nullptr && table.destroy != nullptr && table.list != nullptr &&
               table.call != nullptr,
           "cp_toolset_v1 lacks create, destroy, list or call");
  }
}

void unknown_factory(const Subject& subject) {
  Bench bench(subject);
  const Interface interface = bench.plugin().main_interface();
  void* self = nullptr;
  const CallOutcome outcome =
      bench.plugin().create(interface, "there-is-no-such-factory", bench.config(), self);
  expect(self == nullptr, "create() made an object for a factory it does not have");
  expect(!outcome.errors.empty(), "create() refused without saying why");
  expect(outcome.error().what() != nullptr && !outcome.threw, outcome.description());
}

void without_services(const Subject& subject) {
  static FakeHost host;
  host.withhold(CP_HOST_HTTP);
  host.withhold(CP_HOST_LOG);
  PluginUnderTest plugin(subject.file);
  const CallOutcome outcome = plugin.init(host);
  expect(outcome.ok() || !outcome.errors.empty(),
         "with a host that has no services, init failed without saying why");
}

}  // namespace

void add_entry_checks(std::vector<Check>& checks) {
  CheckList list(checks, {"load-now-local"});
  list.add("unknown-epoch-safe", "answers a program of another epoch", unknown_epoch);
  list.add("query-unknown-null", "answers null for interfaces it does not have",
           [](const Subject& s) {
             const PluginUnderTest plugin(s.file);
             expect(query(plugin, "org.example.nothing/1") == nullptr,
                    "query() returned something for org.example.nothing/1");
             expect(query(plugin, "") == nullptr, "query() returned something for \"\"");
           });
  list.add(
      "query-trailing-garbage-null", "compares interface ids to their end", [](const Subject& s) {
        const PluginUnderTest plugin(s.file);
        for (const std::string id : {CP_PROVIDER "0", CP_TOOLSET "0", CP_PROVIDER " "}) {
          expect(query(plugin, id) == nullptr, "query() returned something for \"" + id + "\"");
        }
      });
  list.add("query-stable-pointer", "answers query() with the same table every time",
           [](const Subject& s) {
             const PluginUnderTest plugin(s.file);
             for (const char* id : {CP_PROVIDER, CP_TOOLSET}) {
               expect(query(plugin, id) == query(plugin, id),
                      std::string("query() returned two tables for ") + id);
             }
           });
  list.add("declared-interfaces-present", "has the interfaces its manifest declares",
           declared_interfaces);
  list.add("struct-size-sane",
           "has tables of a possible size with the functions that must be there", struct_sizes);
  list.add("host-without-services", "starts, or says why not, with a host that offers nothing",
           without_services);
  list.add("create-unknown-factory", "refuses to make what its manifest does not name",
           unknown_factory);
}

}  // namespace cartpilot::testing
