#include "fakes/store/test_state.h"

#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string_view>

#include "base/digest.h"
#include "base/random.h"
#include "fakes/store/postgres_server.h"

namespace cartpilot::store {
namespace {

/// Removed at the end of the program.
struct NotesFolder {
  NotesFolder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "cartpilot-heads-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~NotesFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path path;
};

/// The value that a program before this one left for those it starts, else a new one.
std::string shared_with_children(const char* variable, const std::function<std::string()>& make) {
  if (const char* const found = std::getenv(variable)) return found;
  const std::string made = make();
  ::setenv(variable, made.c_str(), 1);
  return made;
}

}  // namespace

bool on_postgres() {
  const char* const store = std::getenv("CARTPILOT_TEST_STORE");
  return store != nullptr && std::string_view(store) == "postgresql";
}

std::shared_ptr<PostgresDatabase> test_database() {
  static const std::string notes = shared_with_children("CARTPILOT_TEST_NOTES", [] {
    static const NotesFolder folder;
    return folder.path.string();
  });
  static const auto database = std::make_shared<PostgresDatabase>(
      PostgresAddress::parse(shared_with_children("CARTPILOT_TEST_DATABASE",
                                                  [] { return PostgresServer::get().url(); })),
      notes);
  return database;
}

std::string person_of(const std::filesystem::path& path) {
  if (path == ":memory:") return "memory-" + base::random_hex(8);
  return "file-" + base::sha256_hex(path.string()).substr(0, 16);
}

StateDb open_test_state(const std::filesystem::path& path) {
  if (on_postgres()) return {test_database(), person_of(path)};
  return StateDb(path);
}

std::unique_ptr<StateDb> make_test_state(const std::filesystem::path& path) {
  if (on_postgres()) return std::make_unique<StateDb>(test_database(), person_of(path));
  return std::make_unique<StateDb>(path);
}

}  // namespace cartpilot::store
