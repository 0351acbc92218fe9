#include "workshop.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace cartpilot::package {

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

const std::filesystem::path& Workshop::prefix() {
  static const std::filesystem::path prefix = [] {
    const std::filesystem::path build = CARTPILOT_BUILD;
    const std::filesystem::path target = build / "package-prefix";
    // Tests of one build run side by side.
    const int lock =
        ::open((build / "package-prefix.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ::flock(lock, LOCK_EX);
    const std::string command = "'" CARTPILOT_CMAKE "' --install '" + build.string() +
                                "' --prefix '" + target.string() + "' >'" + target.string() +
                                ".log' 2>&1";
    const bool good = std::system(command.c_str()) == 0;
    ::close(lock);
    if (!good) throw std::runtime_error(read_file(target.string() + ".log"));
    return target;
  }();
  return prefix;
}

Workshop::Workshop() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "cartpilot-workshop-XXXXXX").string();
  path_ = std::filesystem::canonical(::mkdtemp(pattern.data()));
}

Workshop::~Workshop() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Workshop::run(const std::string& commands) const {
  const std::string p = prefix().string();
  const std::string script = "set -e\nexport HOME='" + (path_ / "home").string() + "' PATH='" + p +
                             "/bin':\"$PATH\" CMAKE_PREFIX_PATH='" + p + "' PKG_CONFIG_PATH='" + p +
                             "/lib/pkgconfig' SOURCE='" + kSource.string() +
                             "'\nunset CARTPILOT_PLUGIN_PATH CARTPILOT_PROVIDER\ncd '" +
                             path_.string() + "'\n" + commands + "\n";
  std::ofstream(path_ / ".script") << script;
  const std::string line = "sh '" + (path_ / ".script").string() + "' >'" +
                           (path_ / ".output").string() + "' 2>&1 </dev/null";
  return std::system(line.c_str()) == 0 ? "" : output() + "\nfailed";
}

std::string Workshop::output() const { return read_file(path_ / ".output"); }

}  // namespace cartpilot::package
