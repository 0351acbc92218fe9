// FixtureTools: the tools that the official conformance runner calls by name.
//
// The boundary of plugins carries JSON results only, so tools that answer with pictures and sounds
// cannot be a plugin; they stand here, over the same dispatcher that the program has. They also ask
// for forms and write to the client's log, which no tool of the program does. Holds no
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
  bool logs() const override { return true; }
  mcp::CallResult call(const std::string& name, const Json& arguments,
                       mcp::CallScope& scope) override;

 private:
  void add(const std::string& name, const Json& schema, const Json& required = Json::object());

  std::vector<mcp::ToolDescription> tools_;
  std::vector<std::string> forms_;  ///< the tools that ask for them
};

}  // namespace cartpilot::test
