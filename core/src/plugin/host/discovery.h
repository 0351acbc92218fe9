// Discovery: which plugin files there are, in the order the first hit wins. Reads directories,
// never the files themselves, so that hundreds of plugins cost next to nothing.
//
// Order: --plugin files, --plugin-path, CARTPILOT_PLUGIN_PATH, the configured paths, the user's
// data directory, beside the program, the compiled-in directory. The current directory is never
// searched. Pure function of its arguments and the file system; thread-safe.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "plugin/host/plugins.h"

namespace cartpilot::plugin {

/// What the process contributes to the search.
struct Surroundings {
  bool secure = false;                       ///< set-uid or the like: the environment is not ours
  std::string data_home;                     ///< XDG_DATA_HOME
  std::string home;                          ///< HOME
  std::filesystem::path program_directory;   ///< where the running program lies
  std::filesystem::path compiled_directory;  ///< where the package was installed

  static Surroundings of_process();
};

/// A plugin file, seen but not opened. Paths are plain texts: there may be hundreds, and most are
/// never looked at again.
struct Candidate {
  std::string file;       ///< as found, absolute
  std::string directory;  ///< equal for files of one search directory; the file itself when it was
                          ///< named
  std::string stem;       ///< "gemini" of cartpilot-gemini.so
  bool named = false;     ///< asked for with --plugin
  bool built_in = false;  ///< came with the program
  bool allowed = true;    ///< false when CARTPILOT_PLUGINS leaves it out
  FileIdentity identity;  ///< of the file behind links; zero when it is a broken one
};

struct Discovery {
  std::vector<Candidate> candidates;
  std::vector<SearchedDirectory> directories;  ///< in the order they were searched
  std::vector<std::string> notices;
};

Discovery discover(const SearchOptions& search, const Surroundings& surroundings);

}  // namespace cartpilot::plugin
