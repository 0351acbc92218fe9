#include "sandbox/sandbox_server.h"

#include "sandbox/application.h"
#include "sandbox/http_listener.h"

namespace cartpilot::sandbox {
namespace {

Clock clock_of(const SandboxServer::Options& options) {
  if (options.clock) return options.clock;
  return system_clock_now;
}

}  // namespace

struct SandboxServer::Impl {
  explicit Impl(const Options& options)
      : application(options.db_path, options.api_key, clock_of(options)),
        listener(options.port,
                 [this](const Request& request) { return application.handle(request); }) {}

  Application application;
  HttpListener listener;
};

SandboxServer::SandboxServer(Options options) : impl_(std::make_unique<Impl>(options)) {}

SandboxServer::~SandboxServer() = default;

void SandboxServer::stop() noexcept { impl_->listener.stop(); }

int SandboxServer::port() const { return impl_->listener.port(); }

std::string SandboxServer::url() const { return impl_->listener.url(); }

void SandboxServer::change_price(const std::string& merchant_id, const std::string& product_id,
                                 std::int64_t cents) {
  impl_->application.change_price(merchant_id, product_id, cents);
}

void SandboxServer::empty_stock(const std::string& merchant_id, const std::string& product_id) {
  impl_->application.empty_stock(merchant_id, product_id);
}

}  // namespace cartpilot::sandbox
