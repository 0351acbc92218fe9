#include "store/process_owner.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/random.h"

namespace cartpilot::store {
namespace {

constexpr std::size_t kInstanceBytes = 4;
constexpr int kStartField = 22;  // of /proc/PID/stat, see proc(5)

std::string boot_id() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  in >> id;
  return id.empty() ? "unknown" : id;
}

/// "" when there is no such process.
std::string start_of(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/stat");
  std::string line;
  if (!std::getline(in, line)) return "";
  // The second field is a name in parentheses, which may hold blanks and parentheses.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return "";
  std::istringstream rest(line.substr(name_end + 1));
  std::string field;
  for (int number = 3; number <= kStartField; ++number) {
    if (!(rest >> field)) return "";
    // A process that ended and was not waited for runs no more.
    if (number == 3 && (field == "Z" || field == "X")) return "";
  }
  return field;
}

struct OwnerFields {
  std::string instance;
  std::string boot;
  std::string pid;
  std::string start;
};

bool read(const std::string& owner, OwnerFields& parts) {
  std::istringstream in(owner);
  std::string more;
  return (in >> parts.instance >> parts.boot >> parts.pid >> parts.start) && !(in >> more) &&
         parts.pid.find_first_not_of("0123456789") == std::string::npos;
}

/// "/4026531836", "" when it cannot be read.
std::string process_namespace() {
  std::error_code failed;
  const std::string link = std::filesystem::read_symlink("/proc/self/ns/pid", failed).string();
  const std::size_t begin = link.find('[');
  return failed || begin == std::string::npos
             ? ""
             : "/" + link.substr(begin + 1, link.size() - begin - 2);
}

std::string owner_at(const std::string& boot) {
  const std::string number = std::to_string(::getpid());
  return fmt::format("{} {} {} {}", base::random_hex(kInstanceBytes), boot, number,
                     start_of(number));
}

}  // namespace

std::string process_owner() {
  // A forked child is another process and needs an instance of its own.
  static thread_local pid_t pid = 0;
  static thread_local std::string owner;
  if (pid != ::getpid()) {
    pid = ::getpid();
    owner = owner_at(boot_id());
  }
  return owner;
}

std::string shared_process_owner() { return owner_at(boot_id() + process_namespace()); }

bool is_process_here(const std::string& owner) {
  OwnerFields parts;
  return read(owner, parts) &&
         (parts.boot == boot_id() || parts.boot == boot_id() + process_namespace());
}

bool process_is_alive(const std::string& owner) {
  OwnerFields parts;
  if (!is_process_here(owner) || !read(owner, parts)) return false;
  return start_of(parts.pid) == parts.start;
}

}  // namespace cartpilot::store
