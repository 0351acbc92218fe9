// ToolService: the tools that an MCP server offers, apart from how they are asked for.
//
// The dispatcher lists them once and calls them; it knows nothing about shopping. Several threads
// may be in call() at once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cartpilot/http.h"
#include "cartpilot/json.h"
#include "mcp/form.h"
#include "mcp/log_level.h"

namespace cartpilot::mcp {

/// Hints for a careful client. All four are always written out: what is absent is taken for the
/// worst case by some clients and for the best one by others.
struct ToolAnnotations {
  bool read_only = false;
  bool destructive = true;
  bool idempotent = false;
  bool open_world = true;
};

struct ToolDescription {
  std::string name;
  std::string title;
  std::string description;
  Json input_schema;  ///< its root has type object
  ToolAnnotations annotations;
  /// Of the client, as it declares them; a call of one that lacks some is refused.
  Json required_capabilities = Json::object();
};

struct CallResult {
  Json content = Json::array();  ///< content blocks
  Json structured;               ///< null: none. Only what the text says as well
  bool is_error = false;
};

/// One text block.
inline Json text_block(std::string text) {
  return Json{{"type", "text"}, {"text", std::move(text)}};
}

/// How a client takes it that a person should look at a page.
enum class PageRequest {
  kNotPossible,  ///< it shows no pages
  kSent,         ///< it was asked; what it answers means nothing
  kReturn        ///< it is asked with the answer to this call, and calls again: return at once
};

/// A running call, as the tool sees it.
class CallScope : public CallContext {
 public:
  /// Tells a client that asked for it how far the call is. A value that does not rise is not sent.
  virtual void progress(double done, std::optional<double> total, const std::string& message) = 0;

  /// Asks a client that shows pages to open `url`, once for each call. The address holds no secret,
  /// and nothing that the client answers is told: it is a program and no person.
  virtual PageRequest show_page(const std::string& url, const std::string& message) = 0;

  /// Asks the client to fill in a form, and waits. From kReturn on the tool asks what else it needs
  /// and returns; the call then begins anew, with what was answered so far. One at a time. What the
  /// client answers is what a program says: no money hangs on it. Throws Error for a bad schema.
  virtual FormReply ask_form(const Form& form) = 0;

  /// For the client's log, when it wants messages of that level.
  virtual void log(LogLevel level, const std::string& logger, const Json& data) = 0;
};

class ToolService {
 public:
  virtual ~ToolService() = default;

  /// The same every time, in the same order.
  virtual const std::vector<ToolDescription>& tools() const = 0;

  /// Whether tools write to the client's log; else the server does not declare that it has one.
  virtual bool logs() const { return false; }

  /// Runs a tool of the list. Bad arguments and refusals are results with is_error, so that the
  /// model can read them; so is an Error that is thrown here.
  virtual CallResult call(const std::string& name, const Json& arguments, CallScope& scope) = 0;
};

}  // namespace cartpilot::mcp
