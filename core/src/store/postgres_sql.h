// SQL of the modules in PostgreSQL's words. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

namespace cartpilot::store {

/// A query: each "?" becomes "$1", "$2", ..., and "?3" becomes "$3". Quoted texts stay.
std::string postgres_query(std::string_view query);

/// A statement of a TableSet: INTEGER is 64 bits wide and numbers its rows where it is the primary
/// key, TEXT compares byte by byte, WITHOUT ROWID says nothing. Quoted texts stay.
std::string postgres_definition(std::string_view statement);

/// Whether a query only reads.
bool only_reads(std::string_view query);

}  // namespace cartpilot::store
