// A file of a test, removed at the end.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace cartpilot::record {

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text = "") {
    path_ = (std::filesystem::temp_directory_path() / "cartpilot-record-XXXXXX").string();
    const int made = ::mkstemp(path_.data());
    if (made >= 0) ::close(made);
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }
  /// For who makes the file itself.
  const std::string& absent() const {
    std::filesystem::remove(path_);
    return path_;
  }

 private:
  std::string path_;
};

}  // namespace cartpilot::record
