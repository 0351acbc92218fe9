// Opens the sandbox's SQLite file, or says why not.
//
// The file is looked at through a read-only connection first, because even opening and closing a
// database for writing can change it. The session returned belongs to the caller.
#pragma once

#include <memory>
#include <string>

namespace Poco::Data {
class Session;
}

namespace cartpilot::sandbox {

/// Opens or creates the database, with the tables in place. Throws Error{kUnavailable} when the
/// file is damaged, newer, of another program or out of reach.
std::unique_ptr<Poco::Data::Session> open_database(const std::string& path);

}  // namespace cartpilot::sandbox
