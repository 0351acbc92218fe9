// Workshop: an empty folder and cartpilot installed in a clean prefix, as a plugin author has them.
//
// The prefix is made by `cmake --install` once and brought up to date by every test program; the
// folder goes with the object. One thread.
#pragma once

#include <filesystem>
#include <string>

namespace cartpilot::package {

inline const std::filesystem::path kSource = CARTPILOT_SOURCE;

class Workshop {
 public:
  Workshop();
  ~Workshop();
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Where cartpilot is installed.
  static const std::filesystem::path& prefix();

  /// Runs shell commands in the folder, with the prefix's programs first on the PATH.
  /// Returns "" when they succeed, else what they printed.
  std::string run(const std::string& commands) const;
  /// What the last run() printed.
  std::string output() const;

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& file);

}  // namespace cartpilot::package
