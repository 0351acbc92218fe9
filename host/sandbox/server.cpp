#include "sandbox/server.h"

#include "base/random.h"
#include "sandbox/http/application.h"
#include "sandbox/http/listener.h"
#include "sandbox/service/webhook_sender.h"

namespace cartpilot::sandbox {
namespace {

Application::Options application_options(const SandboxServer::Options& options) {
  Application::Options result;
  result.db_path = options.db_path;
  result.api_key = options.api_key;
  result.clock = options.clock ? options.clock : system_clock_now;
  result.strict = options.strict;
  result.chaos_seed = options.seed ? *options.seed : base::random_64();
  result.webhook_secret = options.webhook_secret;
  return result;
}

}  // namespace

struct SandboxServer::Impl {
  explicit Impl(const Options& options)
      : application(application_options(options)),
        listener(options.port,
                 [this](const Request& request) { return application.handle(request); }),
        sender(options.webhook_url.empty() ? listener.url() + "/webhooks/merchant"
                                           : options.webhook_url,
               options.webhook_secret) {
    if (options.chaos) application.start_chaos(*options.chaos);
    open_shop("merchant-a", options.merchant_a_port);
    open_shop("merchant-b", options.merchant_b_port);
    // Last: nothing below may fail once requests can reach the sender.
    application.deliver_with(
        [this](std::vector<OutgoingWebhook> webhooks) { sender.send(std::move(webhooks)); });
  }

  void open_shop(const std::string& merchant_id, const std::optional<int>& port) {
    if (!port) return;
    const auto [shop, added] = shops.emplace(
        merchant_id,
        std::make_unique<HttpListener>(*port, [this, merchant_id](const Request& request) {
          return application.handle_shop(merchant_id, request);
        }));
    application.set_url(merchant_id, shop->second->url());
  }

  void stop() noexcept {
    sender.stop();
    for (const auto& [merchant_id, shop] : shops) shop->stop();
    listener.stop();
  }

  const HttpListener* shop(const std::string& merchant_id) const {
    const auto found = shops.find(merchant_id);
    return found == shops.end() ? nullptr : found->second.get();
  }

  Application application;
  HttpListener listener;
  WebhookSender sender;
  std::map<std::string, std::unique_ptr<HttpListener>> shops;  // by merchant id
};

SandboxServer::SandboxServer(Options options) : impl_(std::make_unique<Impl>(options)) {}

SandboxServer::~SandboxServer() { stop(); }

void SandboxServer::stop() noexcept { impl_->stop(); }

int SandboxServer::port() const { return impl_->listener.port(); }

std::string SandboxServer::url() const { return impl_->listener.url(); }

int SandboxServer::merchant_port(const std::string& merchant_id) const {
  const HttpListener* shop = impl_->shop(merchant_id);
  return shop == nullptr ? 0 : shop->port();
}

std::string SandboxServer::merchant_url(const std::string& merchant_id) const {
  const HttpListener* shop = impl_->shop(merchant_id);
  return shop == nullptr ? "" : shop->url();
}

std::string SandboxServer::id() const { return impl_->application.id(); }

std::vector<std::string> SandboxServer::running_chaos() const {
  return impl_->application.running_chaos();
}

void SandboxServer::change_price(const std::string& merchant_id, const std::string& product_id,
                                 std::int64_t cents) {
  impl_->application.change_price(merchant_id, product_id, cents);
}

void SandboxServer::empty_stock(const std::string& merchant_id, const std::string& product_id) {
  impl_->application.empty_stock(merchant_id, product_id);
}

void SandboxServer::set_merchant_state(const std::string& merchant_id, MerchantState state) {
  impl_->application.set_state(merchant_id, state);
}

}  // namespace cartpilot::sandbox
