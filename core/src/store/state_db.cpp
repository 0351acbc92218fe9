#include "store/state_db.h"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "base/private_files.h"
#include "cartpilot/error.h"

namespace cartpilot::store {

namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kOthersBits = 0077;
constexpr int kBusyTimeoutMs = 5000;

[[noreturn]] void refuse(const std::filesystem::path& path, std::string_view what,
                         std::string_view remedy, const char* reason = "") {
  Error error(ErrorCode::kUnavailable,
              fmt::format("state database {} {}; {}", path.string(), what, remedy));
  error.reason = reason;
  throw error;
}

constexpr std::string_view kMoveAway =
    "move it away to start afresh, or restore it from a backup (nothing was changed)";

/// One line for the person. The database's own text is added where it helps.
[[noreturn]] void refuse_for(const std::filesystem::path& path, const SQLite::Exception& error) {
  constexpr int kPrimaryCode = 0xFF;
  switch (error.getErrorCode() & kPrimaryCode) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: refuse(path, "is damaged or is no database", kMoveAway);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      refuse(path, "is held by another process", "wait for the other cartpilot to finish", "busy");
    case SQLITE_READONLY:
      refuse(path, "cannot be written", "check its permissions and those of its folder", "disk");
    case SQLITE_FULL: refuse(path, "cannot grow", "free some disk space", "disk");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
      refuse(path, fmt::format("failed ({})", error.what()),
             "check the disk and the file's permissions", "disk");
    default:
      refuse(path, fmt::format("failed ({})", error.what()),
             "check the disk and the file's permissions");
  }
}

/// Missing folders are made private; an existing one keeps the mode its owner gave it.
void make_folder(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.parent_path();
  if (const std::error_code why = base::make_private_folder(folder)) {
    refuse(file, fmt::format("needs the folder {}: {}", folder.string(), why.message()),
           "make it, or point XDG_STATE_HOME to a folder you may write");
  }
}

/// Creates the empty file with its final mode whatever the umask, so that it is never readable by
/// others, not even for a moment. An existing file is never opened here: closing a second
/// descriptor would drop the locks that SQLite holds on it in this process.
void make_file(const std::filesystem::path& file) {
  const int descriptor = base::open_private_file(file, O_RDWR | O_CREAT | O_EXCL);
  if (descriptor < 0) {
    if (errno != EEXIST) {
      refuse(file, fmt::format("cannot be created: {}", std::strerror(errno)),
             "check the folder's permissions and free space");
    }
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
      refuse(file, "is not an ordinary file", "move it away");
    }
    if (::access(file.c_str(), R_OK | W_OK) != 0) {
      refuse(file, "cannot be written", "check its permissions and its owner");
    }
    if ((status.st_mode & kOthersBits) != 0 && status.st_uid == ::geteuid()) {
      ::chmod(file.c_str(), kFileMode);
    }
    return;
  }
  ::close(descriptor);
  // The name itself must survive a power cut, or durable records would vanish with it.
  const std::string folder = file.has_parent_path() ? file.parent_path().string() : ".";
  const int parent = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent >= 0) {
    ::fsync(parent);
    ::close(parent);
  }
}

/// Creation and opening are one step for the threads of this process (see make_file).
std::mutex& creation_mutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

StateDb::StateDb(const std::filesystem::path& path) : path_(path) {
  const std::lock_guard lock(creation_mutex());
  if (path_ == ":memory:") {
    checked([&] { open(); });
    return;
  }
  make_folder(path_);
  // A new file goes through moments that belong to one program alone.
  const base::FolderLock first(path_.parent_path());
  make_file(path_);
  checked([&] { open(); });
}

StateDb::~StateDb() = default;

void GiveBack::operator()(SQLite::Statement* statement) const {
  statement->tryReset();
  statement->clearBindings();
  db->idle_[statement->getQuery()].reset(statement);
}

void StateDb::run(const std::string& statements) { database_->exec(statements); }

PreparedStatement StateDb::prepared(const std::string& query) {
  const auto found = idle_.find(query);
  if (found == idle_.end() || found->second == nullptr) {
    return {new SQLite::Statement(*database_, query), GiveBack{this}};
  }
  return {found->second.release(), GiveBack{this}};
}

std::int64_t StateDb::number(const std::string& query) {
  const PreparedStatement select = prepared(query);
  return select->executeStep() ? select->getColumn(0).getInt64() : 0;
}

void StateDb::open() {
  // make_file() has made it: nothing else may, or it would be readable by others.
  database_ =
      std::make_unique<SQLite::Database>(path_.string(), SQLite::OPEN_READWRITE, kBusyTimeoutMs);
  check_version();
  // Rows are written once and seldom read again; what they went through need not stay in memory.
  run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;"
      "PRAGMA cache_size = -256");
}

/// Reads only, unless the file is new: a file that is not ours must stay as it is.
void StateDb::check_version() {
  const auto version = [&] { return number("PRAGMA user_version"); };
  if (version() > kSchemaVersion) {
    refuse(path_, fmt::format("was written by a newer cartpilot (format {})", version()),
           "update cartpilot, or point XDG_STATE_HOME elsewhere (nothing was changed)");
  }
  if (version() == kSchemaVersion) return;
  transaction([&] {
    // Another process may have been first: then the version is there by now.
    const std::int64_t found = version();
    if (found == kSchemaVersion) return;
    if (found == 1) {
      migrate_from_1();
    } else if (number("SELECT count(*) FROM main.sqlite_schema") > 0) {
      refuse(path_, "is some other program's database", kMoveAway);
    }
    run(fmt::format("PRAGMA user_version = {}", kSchemaVersion));
  });
}

/// Format 2 says which CartPilot conversations and purchases belong to, and what was bought. What
/// was there before gets the empty text, which stands for unknown. Modules make the tables that are
/// missing by themselves.
void StateDb::migrate_from_1() {
  constexpr std::pair<const char*, const char*> kColumns[] = {
      {"sessions", "cartpilot TEXT NOT NULL DEFAULT ''"},
      {"purchases", "cartpilot TEXT NOT NULL DEFAULT ''"},
      {"purchases", "receipt TEXT NOT NULL DEFAULT ''"},
      {"purchases", "channel TEXT NOT NULL DEFAULT ''"},
      {"purchases", "approved_ms INTEGER NOT NULL DEFAULT 0"},
      {"purchase_checkouts", "cartpilot TEXT NOT NULL DEFAULT ''"},
  };
  for (const auto& [table, column] : kColumns) {
    const bool present =
        number(
            fmt::format("SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = "
                        "'{}'",
                        table)) > 0;
    if (present) run(fmt::format("ALTER TABLE {} ADD COLUMN {}", table, column));
  }
}

void StateDb::checked(const std::function<void()>& work) const {
  try {
    work();
  } catch (const SQLite::Exception& error) {
    refuse_for(path_, error);
  }
}

void StateDb::transaction(const std::function<void()>& work) { enclosed(true, work); }

void StateDb::snapshot(const std::function<void()>& work) { enclosed(false, work); }

void StateDb::enclosed(bool writes, const std::function<void()>& work) {
  using Behavior = SQLite::TransactionBehavior;
  checked([&] {
    SQLite::Transaction transaction(*database_, writes ? Behavior::IMMEDIATE : Behavior::DEFERRED);
    work();
    transaction.commit();
  });
}

void StateDb::durable(const std::function<void()>& work) {
  // The level cannot change inside a transaction, and holds for this connection until set back.
  checked([&] { run("PRAGMA synchronous = FULL"); });
  const auto back_to_normal = [&] {
    try {
      run("PRAGMA synchronous = NORMAL");
    } catch (const SQLite::Exception&) {  // NOLINT: staying at FULL is only slower
    }
  };
  try {
    transaction(work);
  } catch (...) {
    back_to_normal();
    throw;
  }
  back_to_normal();
}

std::filesystem::path StateDb::default_path() {
  const auto absolute = [](const char* name) -> std::filesystem::path {
    const char* value = std::getenv(name);
    // A relative value would make the state depend on the current folder; the XDG rules say to
    // ignore it.
    return value != nullptr && value[0] == '/' ? value : "";
  };
  if (const auto state = absolute("XDG_STATE_HOME"); !state.empty()) {
    return state / "cartpilot" / kFile;
  }
  if (const auto home = absolute("HOME"); !home.empty()) {
    return home / ".local" / "state" / "cartpilot" / kFile;
  }
  throw Error(ErrorCode::kUnavailable,
              "no place for the state database: set HOME or XDG_STATE_HOME to an absolute path");
}

}  // namespace cartpilot::store
