// Opens the sandbox's SQLite file, or says why not.
//
// The file is looked at through a read-only connection first, because even opening and closing a
// database for writing can change it. The database returned belongs to the caller and is for one
// thread at a time.
#pragma once

#include <SQLiteCpp/Database.h>

#include <string>

namespace cartpilot::sandbox {

/// Opens or creates the database, with the tables in place. Throws Error{kUnavailable} when the
/// file is damaged, newer, of another program or out of reach.
SQLite::Database open_database(const std::string& path);

}  // namespace cartpilot::sandbox
