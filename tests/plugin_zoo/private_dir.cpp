#include "private_dir.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

namespace cartpilot::plugin_zoo {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

fs::path animal(const std::string& name) {
  return fs::path(CARTPILOT_HOSTILE_PLUGINS) / ("cartpilot-" + name + ".so");
}

std::string read_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

PrivateDir::PrivateDir() : plugins_(fs::canonical(home_.path()) / "dir") {
  fs::create_directory(plugins_);
  put("good");
}

fs::path PrivateDir::path(const std::string& as) const {
  return plugins_ / ("cartpilot-" + as + ".so");
}

fs::path PrivateDir::put(const std::string& name, const std::string& as) {
  const fs::path target = path(as.empty() ? name : as);
  fs::create_directories(target.parent_path());
  fs::copy_file(animal(name), target, fs::copy_options::overwrite_existing);
  return target;
}

fs::path PrivateDir::write(const std::string& as, const std::string& text) {
  std::ofstream(path(as), std::ios::binary) << text;
  return path(as);
}

std::string PrivateDir::bytes(const std::string& name) { return read_file(animal(name)); }

e2e::Result PrivateDir::run(std::vector<std::string> arguments, const e2e::Environment& environment,
                            const std::string& input) const {
  arguments.insert(arguments.end(), {"--plugin-path", plugins_.string()});
  return e2e::run(home_, arguments, input, environment);
}

e2e::Result PrivateDir::chat(const std::string& provider, std::vector<std::string> more,
                             const e2e::Environment& environment) const {
  std::vector<std::string> arguments = {"chat", "--provider", provider, "--output", "jsonl"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  arguments.emplace_back("hello");
  return run(arguments, environment);
}

Json PrivateDir::listed(const std::string& as, const std::vector<std::string>& more,
                        const e2e::Environment& environment) const {
  std::vector<std::string> arguments = {"plugin", "list", "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const e2e::Result result = run(arguments, environment);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  for (const Json& record : parse_json(result.out, "list")) {
    if (fs::path(string_or(record, "file")).filename() == path(as).filename()) return record;
  }
  return nullptr;
}

Json PrivateDir::info(const std::string& as, const std::vector<std::string>& more,
                      const e2e::Environment& environment) const {
  std::vector<std::string> arguments = {"plugin", "info", as, "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const e2e::Result result = run(arguments, environment);
  if (result.out.empty()) return {{"exit", result.exit_code}, {"error", result.err}};
  Json record = parse_json(result.out, "info");
  record["exit"] = result.exit_code;
  return record;
}

void PrivateDir::expect_neighbour_works() const {
  const e2e::Result result = run({"models", "--provider", "good"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "good-1\n");
}

void PrivateDir::expect_command_refuses(const std::string& as, const std::string& code,
                                        const std::vector<std::string>& more) const {
  std::vector<std::string> arguments = {"models", "--provider", as};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const e2e::Result needed = run(arguments);
  EXPECT_EQ(needed.exit_code, 3) << needed.err;
  EXPECT_THAT(needed.err, HasSubstr("plugin refused (" + code + ")"));
}

void PrivateDir::expect_refused_unseen(const std::string& as, const std::string& code,
                                       const std::string& why) const {
  const Json record = listed(as);
  ASSERT_TRUE(record.is_object()) << as << " is not listed";
  EXPECT_EQ(string_or(record, "status"), "refused") << record.dump(1);
  EXPECT_EQ(string_or(record, "code"), code) << record.dump(1);
  EXPECT_THAT(string_or(record, "why"), HasSubstr(why));
  EXPECT_NE(string_or(record, "fix"), "");
  EXPECT_THAT(string_or(record, "see"), HasSubstr("docs/plugin-errors.md#cp-p"));
  EXPECT_EQ(record["tried"], false);
  EXPECT_EQ(info(as)["exit"], 3);
  expect_command_refuses(as, code, {});
  expect_neighbour_works();
}

void PrivateDir::expect_refused_when_tried(const std::string& as, const std::string& code,
                                           const std::string& why,
                                           const std::vector<std::string>& more,
                                           const e2e::Environment& environment) const {
  EXPECT_EQ(string_or(listed(as), "status"), "ok") << "a list runs nothing";
  const Json record = info(as, more, environment);
  EXPECT_EQ(record["exit"], 3) << record.dump(1);
  EXPECT_EQ(string_or(record, "status"), "refused") << record.dump(1);
  EXPECT_EQ(string_or(record, "code"), code) << record.dump(1);
  EXPECT_THAT(string_or(record, "why"), HasSubstr(why));
  EXPECT_NE(string_or(record, "fix"), "");
  expect_command_refuses(as, code, more);
  expect_neighbour_works();
}

}  // namespace cartpilot::plugin_zoo
