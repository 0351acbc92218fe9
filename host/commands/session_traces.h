// SessionTraces: what conversations leave on this machine beside the state database: typed lines in
// the history of the line editor, lock files, wishes in the sandbox's database.
//
// Collects what belongs to conversations that are deleted, and removes it. A value; one thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "cartpilot/message.h"

namespace cartpilot::host {

struct RemovedTraces {
  std::size_t lines = 0;
  std::size_t wishes = 0;
};

class SessionTraces {
 public:
  /// `state`: the state folder.
  explicit SessionTraces(std::filesystem::path state) : state_(std::move(state)) {}

  /// That conversation is being deleted; the caller holds its lock.
  void remember(const std::string& id, const std::vector<Message>& messages);
  /// Removes what belongs to the remembered ones. Throws Error when the sandbox's file is damaged.
  RemovedTraces remove();
  /// Removes what belongs to any conversation.
  RemovedTraces remove_all();

 private:
  const std::filesystem::path state_;
  std::vector<std::string> ids_;
  std::set<std::string> said_;  ///< by the person, as the history has it
};

}  // namespace cartpilot::host
