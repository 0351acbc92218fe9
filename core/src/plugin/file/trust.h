// PathTrust: may code be loaded from this path, or could another user of this machine have put it
// there?
//
// The file and every directory above it, links followed, must belong to somebody who could change
// this program anyway (root, the user, the owner of the program's own path) and be writable by
// nobody else. Remembers directories it has seen; one thread.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "plugin/file/file.h"

namespace cartpilot::plugin {

/// Who may own and write what plugins are loaded from.
struct TrustedParties {
  std::set<uid_t> owners;
  std::set<gid_t> groups;  ///< may write
  bool everybody = false;  ///< the program's own path is open to all, so nothing is lost

  /// root, the effective user, and whoever can replace the running program.
  static TrustedParties of_process();
};

class PathTrust {
 public:
  struct Verdict {
    Refusal refusal;         ///< of the directories or the file
    bool directory = false;  ///< the objection is to a directory
  };

  explicit PathTrust(TrustedParties parties);

  /// An absolute path. What cannot be looked at is nobody's objection: opening it will say more.
  Verdict examine(const std::filesystem::path& file);

 private:
  Verdict walk(const std::filesystem::path& file);
  Refusal judge(const std::string& path, bool is_directory, bool holds_the_file) const;

  const TrustedParties parties_;
  std::map<std::string, Verdict> directories_;  // of files seen: what is wrong with the chain
};

}  // namespace cartpilot::plugin
