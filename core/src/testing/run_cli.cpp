#include "cartpilot/testing/run_cli.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "cartpilot/error.h"

namespace cartpilot::testing {
namespace {

/// A home folder and three files for the streams; gone with the object.
class Place {
 public:
  Place() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "cartpilot-cli-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw Error(ErrorCode::kUnavailable, "cannot make a temporary folder for cartpilot");
    }
    home_ = pattern;
  }
  ~Place() {
    std::error_code ignored;
    std::filesystem::remove_all(home_, ignored);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  std::string path(const char* name) const { return (home_ / name).string(); }

  void write(const char* name, const std::string& text) const {
    const int file = ::open(path(name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    for (std::size_t done = 0; file >= 0 && done < text.size();) {
      const ssize_t put = ::write(file, text.data() + done, text.size() - done);
      if (put <= 0) break;
      done += static_cast<std::size_t>(put);
    }
    if (file >= 0) ::close(file);
  }

  std::string read(const char* name) const {
    std::string text;
    const int file = ::open(path(name).c_str(), O_RDONLY | O_CLOEXEC);
    std::array<char, 65536> buffer{};
    for (ssize_t got = 1; file >= 0 && got > 0;) {
      got = ::read(file, buffer.data(), buffer.size());
      if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    if (file >= 0) ::close(file);
    return text;
  }

 private:
  std::filesystem::path home_;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

CliResult run_cli(const std::string& program, const std::vector<std::string>& arguments,
                  const std::string& input, const std::map<std::string, std::string>& environment) {
  const Place place;
  place.write("in", input);
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const char* path = std::getenv("PATH");
  std::vector<std::string> variables = {"PATH=" + std::string(path == nullptr ? "" : path),
                                        "HOME=" + place.path("home"), "LC_ALL=C.UTF-8"};
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, place.path("in").c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, place.path("out").c_str(), O_WRONLY | O_CREAT,
                                   0600);
  posix_spawn_file_actions_addopen(&actions, 2, place.path("err").c_str(), O_WRONLY | O_CREAT,
                                   0600);
  pid_t child = -1;
  const int failed = ::posix_spawnp(&child, program.c_str(), &actions, nullptr,
                                    pointers(words).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  CliResult result;
  if (failed != 0) {
    result.exit_code = 127;
    result.err = "cannot start " + program;
    return result;
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  result.out = place.read("out");
  result.err = place.read("err");
  return result;
}

}  // namespace cartpilot::testing
