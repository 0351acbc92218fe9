#include "fakes/store/postgres_relay.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace cartpilot::store {
namespace {

constexpr const char* kSocket = "/.s.PGSQL.5432";
constexpr int kLookMs = 20;

sockaddr_un address_of(const std::string& folder) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder + kSocket;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return address;
}

bool readable(int descriptor) {
  pollfd waiting{descriptor, POLLIN, 0};
  return ::poll(&waiting, 1, kLookMs) > 0;
}

/// "" at the end.
std::string read_some(int descriptor) {
  char block[65536];
  const ssize_t got = ::recv(descriptor, block, sizeof block, 0);
  return got <= 0 ? "" : std::string(block, static_cast<std::size_t>(got));
}

bool pass_on(int descriptor, const std::string& bytes) {
  return ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

}  // namespace

PostgresRelay::PostgresRelay(const std::string& server_folder) : server_(server_folder) {
  std::string pattern = "/tmp/cartpilot-relay-XXXXXX";
  folder_ = ::mkdtemp(pattern.data());
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = address_of(folder_);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 64) != 0) {
    throw std::runtime_error("the relay cannot listen");
  }
  listening_ = std::thread([this] { listen(); });
}

PostgresRelay::~PostgresRelay() {
  stop_ = true;
  listening_.join();
  for (std::thread& thread : serving_) thread.join();
  ::close(listener_);
  std::filesystem::remove_all(folder_);
}

std::string PostgresRelay::url(const std::string& server_url) const {
  std::string url = server_url;
  return url.replace(url.find(server_), server_.size(), folder_);
}

void PostgresRelay::break_at(const std::string& text, Break when, bool then_refuse) {
  const std::lock_guard lock(mutex_);
  text_ = text;
  when_ = when;
  then_refuse_ = then_refuse;
}

void PostgresRelay::listen() {
  while (!stop_) {
    if (!readable(listener_)) continue;
    const int program = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (program < 0) continue;
    if (refuse_) {
      ::close(program);
    } else {
      serving_.emplace_back([this, program] { serve(program); });
    }
  }
}

bool PostgresRelay::is_wanted(const std::string& bytes, Break& when) {
  const std::lock_guard lock(mutex_);
  if (text_.empty() || bytes.find(text_) == std::string::npos) return false;
  text_.clear();
  when = when_;
  return true;
}

void PostgresRelay::serve(int program) {
  const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = address_of(server_);
  bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  bool commits = false;  ///< the next COMMIT is to be broken
  while (open && !stop_) {
    pollfd waiting[] = {{program, POLLIN, 0}, {server, POLLIN, 0}};
    if (::poll(waiting, 2, kLookMs) <= 0) continue;
    if (waiting[0].revents != 0) {
      const std::string bytes = read_some(program);
      Break when = Break::kBefore;
      bool wanted = is_wanted(bytes, when);
      if (wanted && when == Break::kAtCommit) {
        commits = true;
        wanted = false;
      } else if (commits && bytes.find("COMMIT") != std::string::npos) {
        wanted = true;
        when = Break::kAfter;
      }
      if (wanted && then_refuse_) refuse_ = true;
      if (wanted) ++broken_;
      if (wanted && when == Break::kBefore) break;
      open = !bytes.empty() && pass_on(server, bytes);
      if (wanted) {
        read_some(server);  // the answer: it has done what it was asked to
        break;
      }
    }
    if (waiting[1].revents != 0) {
      const std::string bytes = read_some(server);
      open = !bytes.empty() && pass_on(program, bytes);
    }
  }
  ::close(server);
  ::close(program);
}

}  // namespace cartpilot::store
