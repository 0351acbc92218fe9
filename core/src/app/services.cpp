#include "app/services.h"

#include <utility>

#include "base/private_files.h"

namespace cartpilot::app {

AppServices::AppServices(AppSettings settings) : settings_(std::move(settings)) {}

AppServices::~AppServices() {
  if (plugins_) plugins_->shutdown();
}

net::HttpClient& AppServices::http() {
  const std::lock_guard lock(mutex_);
  if (!http_) {
    net::HttpClientOptions options;
    options.user_agent = settings_.user_agent;
    http_ = std::make_unique<net::HttpClient>(options);
  }
  return *http_;
}

plugin::PluginHost& AppServices::plugins() {
  net::HttpClient& transport = http();
  {
    const std::lock_guard lock(mutex_);
    if (!plugins_) {
      plugins_ =
          std::make_unique<plugin::PluginHost>(settings_.plugins, transport, settings_.plugin_log);
    }
  }
  pass_on_plugin_notices();
  return *plugins_;
}

void AppServices::pass_on_plugin_notices() {
  std::vector<std::string> fresh;
  {
    const std::lock_guard lock(mutex_);
    const std::vector<std::string> notices = plugins_->notices();
    for (; notices_passed_on_ < notices.size(); ++notices_passed_on_) {
      fresh.push_back(notices[notices_passed_on_]);
    }
  }
  for (const std::string& sentence : fresh) notice(sentence);
}

void AppServices::notice(const std::string& sentence) const {
  const std::lock_guard lock(notice_mutex_);
  if (settings_.notice) settings_.notice(sentence);
}

std::unique_ptr<store::StateDb> AppServices::open_state() const {
  base::make_own_folder(settings_.state_directory);  // a failure shows when the file is opened
  return std::make_unique<store::StateDb>(settings_.state_directory / store::StateDb::kFile);
}

store::SessionLock AppServices::lock_session(const std::string& session_id) const {
  base::make_own_folder(settings_.state_directory);  // a failure shows when the file is opened
  return store::SessionLock(settings_.state_directory / "locks", session_id, settings_.command);
}

std::unique_ptr<plugin::PluginProvider> AppServices::make_provider(
    const std::string& name, const std::map<std::string, std::string>& options) {
  auto provider = plugins().make_provider(name, settings_.environment, options);
  pass_on_plugin_notices();
  return provider;
}

std::vector<plugin::PluginHost::NamedToolSet> AppServices::make_tool_sets() {
  auto tool_sets = plugins().make_tool_sets(settings_.environment);
  pass_on_plugin_notices();
  return tool_sets;
}

}  // namespace cartpilot::app
