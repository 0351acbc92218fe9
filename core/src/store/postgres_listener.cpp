#include "store/postgres_listener.h"

#include <pqxx/notification>
#include <pqxx/pqxx>
#include <string>
#include <utility>

#include "cartpilot/error.h"
#include "store/announcements.h"
#include "store/postgres_link.h"

namespace cartpilot::store {
namespace {

constexpr long kLookSeconds = 1;

class Receiver final : public pqxx::notification_receiver {
 public:
  explicit Receiver(pqxx::connection_base& connection)
      : pqxx::notification_receiver(connection, kAnnouncementChannel) {}
  void operator()(const std::string&, int) override { announce_here(); }
};

}  // namespace

PostgresListener::PostgresListener(PostgresAddress address, std::function<void()> look)
    : address_(std::move(address)), look_(std::move(look)), thread_([this] { listen(); }) {}

PostgresListener::~PostgresListener() {
  stop_ = true;
  thread_.join();
}

void PostgresListener::listen() {
  while (!stop_) {
    try {
      listen_on_one_connection();
    } catch (const std::exception&) {  // NOLINT: the next round connects again
    }
    if (stop_) return;
    std::this_thread::sleep_for(std::chrono::seconds(kLookSeconds));
    announce_here();
    look_();
  }
}

void PostgresListener::listen_on_one_connection() {
  PostgresLink link(address_);
  const Receiver receiver(link.connection());
  while (!stop_) {
    const auto before = announcements();
    link.connection().await_notification(kLookSeconds, 0);
    if (announcements() == before) announce_here();
    look_();
  }
}

}  // namespace cartpilot::store
