#include "fakes/store/postgres_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "base/random.h"

#ifndef CARTPILOT_POSTGRES_PROGRAMS
#define CARTPILOT_POSTGRES_PROGRAMS ""
#endif

namespace cartpilot::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrograms = CARTPILOT_POSTGRES_PROGRAMS;

/// $1 programs, $2 folder, $3 command that changes the user. The server lives until nobody has held
/// the file "users" for ten seconds; who joins holds "start" while looking whether it runs.
constexpr const char* kScript = R"(
set -u
programs=$1 folder=$2 as=$3
cd "$folder" || exit 1
[ -z "$as" ] || chown postgres "$folder"
rm -rf data
$as "$programs/initdb" -D "$folder/data" -U cartpilot -A trust --no-sync --locale=C -E UTF8 >"$folder/log" 2>&1 || exit 1
$as "$programs/postgres" -D "$folder/data" -c listen_addresses= -c "unix_socket_directories=$folder" \
  -c fsync=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=32MB >>"$folder/log" 2>&1 &
server=$!
idle=0
while sleep 1 && kill -0 $server 2>/dev/null; do
  if flock -n -x users true; then idle=$((idle + 1)); else idle=0; fi
  [ $idle -lt 10 ] && continue
  exec 9>>start
  flock -x 9
  if flock -n -x users true; then
    kill -INT $server
    wait $server
    rm -rf data
    exit 0
  fi
  exec 9>&-
  idle=0
done
)";

std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

int locked(const fs::path& file, int operation) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0 || ::flock(descriptor, operation) != 0) {
    throw std::runtime_error("cannot lock " + file.string());
  }
  return descriptor;
}

bool answers(const std::string& folder) {
  try {
    pqxx::connection connection("user=cartpilot dbname=postgres host=" + folder);
    return connection.is_open();
  } catch (const std::exception&) {
    return false;
  }
}

void start(const std::string& folder) {
  const fs::path script = fs::path(folder) / "run.sh";
  std::ofstream(script) << kScript;
  const char* as =
      ::geteuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --clear-groups" : "";
  // Not this program's child: it outlives it.
  const std::string command =
      fmt::format("setsid sh '{}' '{}' '{}' '{}' </dev/null >'{}/supervisor.log' 2>&1 &",
                  script.string(), kPrograms, folder, as, folder);
  if (std::system(command.c_str()) != 0) throw std::runtime_error("cannot start PostgreSQL");
  for (int i = 0; i < 600; ++i) {
    if (answers(folder)) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  throw std::runtime_error("PostgreSQL does not start: " + text_of(fs::path(folder) / "log"));
}

}  // namespace

bool PostgresServer::installed() { return *kPrograms != '\0'; }

PostgresServer& PostgresServer::get() {
  static PostgresServer server;
  return server;
}

PostgresServer::PostgresServer()
    : folder_(fmt::format("/tmp/cartpilot-tests-postgres-{}", ::geteuid())) {
  fs::create_directories(folder_);
  ::chmod(folder_.c_str(), 0755);
  const int starting = locked(fs::path(folder_) / "start", LOCK_EX);
  locked(fs::path(folder_) / "users", LOCK_SH);  // until this program ends
  if (!answers(folder_)) start(folder_);
  ::close(starting);
}

std::string PostgresServer::url() {
  if (url_.empty()) url_ = make_database();
  return url_;
}

std::string PostgresServer::make_database() {
  const std::string name = "test_" + base::random_hex(8);
  sql("postgresql:///postgres?user=cartpilot&host=" + folder_, "CREATE DATABASE " + name);
  return fmt::format("postgresql:///{}?user=cartpilot&host={}", name, folder_);
}

std::string PostgresServer::sql(const std::string& url, const std::string& statements) {
  pqxx::connection connection(url);
  pqxx::nontransaction work(connection);
  const pqxx::result result = work.exec(statements);
  return result.empty() || result.columns() == 0 ? "" : result.at(0).at(0).c_str();
}

}  // namespace cartpilot::store
