// A tool set that asks a server of its own with two threads of its own.
#include <string>
#include <thread>

#include "cartpilot/detail/services.h"
#include "cartpilot/plugin.h"

namespace {

using namespace cartpilot;

class Body final : public HttpSink {
 public:
  void on_head(const HttpHead&) override {}
  bool on_event(const HttpEvent& event) override {
    text += event.data;
    return true;
  }
  std::string text;
};

class Weather final : public ToolSet {
 public:
  explicit Weather(const ProviderConfig& config) : server_(config.env("WEATHER_URL")) {}

  std::vector<ToolSpec> list() const override {
    return {{"get_weather", "The weather of a city",
             Json::parse(R"({"type":"object","required":["city"],
                             "properties":{"city":{"type":"string"}}})"),
             EffectClass::kRead}};
  }

  ToolOutcome call(const std::string&, const Json& arguments, const CallContext&) override {
    const std::string city = string_or(arguments, "city");
    Json temperature;
    Json wind;
    std::thread first([&] { temperature = asked(city + "/temperature"); });
    std::thread second([&] { wind = asked(city + "/wind"); });
    first.join();
    second.join();
    return {true, {{"temperature", temperature}, {"wind", wind}}};
  }

 private:
  Json asked(const std::string& path) const {
    HttpRequest request;
    request.method = "GET";
    request.url = server_ + "/" + path;
    Body body;
    try {
      detail::host_transport().send(request, body, CallContext());
    } catch (const Error& error) {
      return error.what();
    }
    return body.text;
  }

  const std::string server_;
};

}  // namespace

CARTPILOT_TOOLSET_PLUGIN(Weather, "weather", "1.0.0", R"(["WEATHER_URL"])")
