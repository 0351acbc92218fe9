// FixtureTools: the tools that the official conformance runner calls by name.
//
// The boundary of plugins carries JSON results only, so tools that answer with pictures and sounds
// cannot be a plugin; they stand here, over the same dispatcher that the program has. Holds no
// state that changes; any thread.
#pragma once

#include <string>
#include <vector>

#include "mcp/tool_service.h"

namespace cartpilot::test {

class FixtureTools final : public mcp::ToolService {
 public:
  FixtureTools();

  const std::vector<mcp::ToolDescription>& tools() const override { return tools_; }
  mcp::CallResult call(const std::string& name, const Json& arguments,
                       mcp::CallScope& scope) override;

 private:
  std::vector<mcp::ToolDescription> tools_;
};

}  // namespace cartpilot::test
