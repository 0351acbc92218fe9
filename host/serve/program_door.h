// ProgramDoor: what programs with a token reach: /v1 as a model, /mcp as tools.
//
// A request needs a bearer token and no cookie, so pages of others cannot make one; it never comes
// near a question. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "mcp/http_endpoint.h"
#include "serve/mcp_access.h"
#include "serve/openai_api.h"
#include "serve/people.h"
#include "serve/program_tokens.h"
#include "serve/relay.h"

namespace cartpilot::host {

class ProgramDoor {
 public:
  /// `state`: that all people share. `mcp` may be null; `openai`: whether /v1 is answered.
  /// `one_person`: the page is paired, so that tokens belong to kOnlyPerson, and those of people
  /// whom a proxy names do not count.
  ProgramDoor(std::unique_ptr<store::StateDb> state, People& people, std::string page_url,
              bool openai, std::unique_ptr<McpAccess> mcp, bool one_person);

  /// False when the path is not one of these. Fills `from` with whose program asks; `relayed`:
  /// another process has told. Throws OwnedElsewhere.
  bool handle(const mcp::EndpointRequest& request, RelayedRequest& from, bool relayed,
              mcp::EndpointReply& reply);

  void hurry();
  /// Ends what revoked tokens left. Called now and then.
  void sweep();

  // Tokens of a person, for the page.
  Json list(const std::string& person);
  Json make(const std::string& person, const std::string& name);
  bool revoke(const std::string& person, const std::string& id);

 private:
  std::mutex mutex_;
  const std::unique_ptr<store::StateDb> state_;
  ProgramTokens tokens_;
  People& people_;
  const OpenAiApi openai_api_;
  const bool openai_;
  const std::unique_ptr<McpAccess> mcp_;
  const bool one_person_;
};

}  // namespace cartpilot::host
