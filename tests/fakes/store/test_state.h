// The state that a test works on: in SQLite, or in PostgreSQL where the environment says
// CARTPILOT_TEST_STORE=postgresql. CMake registers the tests of both with it set and without.
#pragma once

#include <filesystem>
#include <memory>

#include "store/state_db.h"

namespace cartpilot::store {

bool on_postgres();

/// The database of this test program.
std::shared_ptr<PostgresDatabase> test_database();

/// A state of its own for ":memory:"; the same state for the same path otherwise.
StateDb open_test_state(const std::filesystem::path& path = ":memory:");
std::unique_ptr<StateDb> make_test_state(const std::filesystem::path& path);

/// The person whose state in test_database() stands for a path.
std::string person_of(const std::filesystem::path& path);

}  // namespace cartpilot::store
