// The file of an SQLite state before SQLite opens it: folder, permissions, and the sentences for
// what is wrong with it. Free functions; any thread.
#pragma once

#include <SQLiteCpp/Exception.h>

#include <filesystem>
#include <string_view>

namespace cartpilot::store {

constexpr std::string_view kMoveAway =
    "move it away to start afresh, or restore it from a backup (nothing was changed)";

/// Throws Error{kUnavailable}: "state database PATH WHAT; REMEDY".
[[noreturn]] void refuse_file(const std::filesystem::path& path, std::string_view what,
                              std::string_view remedy, const char* reason = "");

/// The same for what SQLite says, in one line for the person. SQLite's own text is added where it
/// helps.
[[noreturn]] void refuse_file_for(const std::filesystem::path& path,
                                  const SQLite::Exception& error);

/// Missing folders are made private; an existing one keeps the mode its owner gave it.
void make_state_folder(const std::filesystem::path& file);

/// Creates the empty file with its final mode whatever the umask, so that it is never readable by
/// others, not even for a moment. An existing file is never opened here: closing a second
/// descriptor would drop the locks that SQLite holds on it in this process.
void make_state_file(const std::filesystem::path& file);

}  // namespace cartpilot::store
