// What the plugin tests share: the zoo, throw-away directories, a scripted transport, and sinks.
//
// Plain test values; one thread unless a test says otherwise.
#pragma once

#include <dlfcn.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cartpilot/detail/wire.h"
#include "cartpilot/http.h"
#include "plugin/host/plugins.h"

namespace cartpilot::plugin::testing {

/// A plugin the build made: zoo/cartpilot-NAME.so.
inline std::filesystem::path zoo(const std::string& name) {
  return std::filesystem::path(CARTPILOT_ZOO) / ("cartpilot-" + name + ".so");
}

/// A directory of its own, gone with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cartpilot-XXXXXX").string();
    path_ = std::filesystem::canonical(::mkdtemp(pattern.data()));
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  /// A file with this text; returns its path.
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }

  /// A copy of a zoo plugin, as cartpilot-AS.so; returns its path.
  std::filesystem::path place(const std::string& plugin, const std::string& as) const {
    const std::filesystem::path target = path_ / ("cartpilot-" + as + ".so");
    std::filesystem::create_directories(target.parent_path());
    std::filesystem::copy_file(zoo(plugin), target);
    return target;
  }

 private:
  std::filesystem::path path_;
};

/// True when the dynamic loader has this file in memory.
inline bool is_loaded(const std::filesystem::path& file) {
  return ::dlopen(file.c_str(), RTLD_NOLOAD | RTLD_LAZY) != nullptr;
}

/// Records requests and answers them with a script.
class FakeTransport final : public HttpTransport {
 public:
  using Script = std::function<void(const HttpRequest&, HttpSink&, const CallContext&)>;

  explicit FakeTransport(Script script = {}) : script_(std::move(script)) {}

  void send(const HttpRequest& request, HttpSink& sink, const CallContext& context) override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      requests_.push_back(request);
    }
    if (script_) script_(request, sink, context);
  }
  std::vector<HttpRequest> requests() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return requests_;
  }

 private:
  const Script script_;
  mutable std::mutex mutex_;
  std::vector<HttpRequest> requests_;
};

/// Keeps events as JSON, so that whole answers can be compared.
class EventList final : public EventSink {
 public:
  void on_event(const StreamEvent& event) override { events.push_back(event_to_json(event)); }
  Json events = Json::array();
};

/// A wish to stop that the test controls.
class FakeContext final : public CallContext {
 public:
  explicit FakeContext(bool cancelled = false, std::int64_t deadline = 0)
      : cancelled_(cancelled), deadline_(deadline) {}
  bool cancelled() const noexcept override { return cancelled_; }
  std::int64_t deadline_unix_ms() const noexcept override { return deadline_; }

 private:
  const bool cancelled_;
  const std::int64_t deadline_;
};

/// Search in these directories and nowhere else.
inline SearchOptions only(std::vector<std::filesystem::path> directories) {
  SearchOptions search;
  search.directories = std::move(directories);
  search.standard_places = false;
  return search;
}

/// Search for these files and nothing else.
inline SearchOptions only_files(std::vector<std::filesystem::path> files) {
  SearchOptions search;
  search.files = std::move(files);
  search.standard_places = false;
  return search;
}

/// The Error `body` throws, as JSON; null when it throws none.
template <class Body>
Json error_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error_to_json(error);
  }
  return nullptr;
}

}  // namespace cartpilot::plugin::testing
