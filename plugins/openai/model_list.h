// The list of models a server offers, and the names in it that are near a mistyped one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/llm_provider.h"
#include "openai/errors.h"

namespace cartpilot::openai {

/// Collects an answer that is one body.
struct WholeAnswer final : HttpSink {
  void on_head(const HttpHead& received) override { head = received; }
  bool on_event(const HttpEvent& event) override {
    body.append(event.data);
    return true;
  }
  HttpHead head;
  std::string body;
};

/// Reads {"data":[{"id"}]} and the array forms of other servers, in their order. Throws
/// Error{kProtocol} for anything else.
std::vector<ModelInfo> read_model_list(std::string_view body, const ServiceInfo& service);

/// Up to `count` ids that look like `wanted`, nearest first.
std::vector<std::string> near_names(const std::string& wanted, const std::vector<ModelInfo>& models,
                                    std::size_t count);

}  // namespace cartpilot::openai
