// What the Gemini service checks in a request, one function per part of the body.
//
// Pure functions. The first broken rule throws GeminiRefusal with the answer the service gives;
// rules that only this project has are added to the list of violations and do not stop the request.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cartpilot/http.h"
#include "cartpilot/json.h"

namespace cartpilot::fakes::gemini_rules {

/// The service says no: `rule` is the number of the check ("Q13").
struct GeminiRefusal {
  std::string rule;
  int code;
  std::string status;
  std::string message;
  Json details = Json::array();

  /// {"error":{...}} as Google writes it.
  Json body() const;
};

inline const HttpHeaders kJsonHeaders = {{"Content-Type", "application/json; charset=UTF-8"}};
inline const HttpHeaders kEventHeaders = {{"Content-Type", "text/event-stream"}};

[[noreturn]] void refuse_argument(const std::string& rule, const std::string& message);

using Violations = std::vector<std::string>;

/// Parses the body: UTF-8, JSON, no duplicate keys (Q6).
Json parse_request_body(const std::string& text);

using Keys = std::set<std::string>;

/// Refuses a value that is no object or holds a key outside of `known` (Q7, Q44, Q45).
void only(const Json& object, const Keys& known, const std::string& path);

/// The list under `key`, an empty one when it is absent. Refuses anything else (Q7).
const Json& list_at(const Json& object, const char* key, const std::string& path);

/// Unknown keys anywhere (Q7, Q44, Q45) and base64 fields (Q41). Spelling is camelCase only.
/// `issued_kinds` = kinds of parts the service itself has brought up since.
void check_keys(const Json& body, const Keys& issued_kinds, Violations& violations);

/// functionDeclarations (Q28 to Q34).
void check_declarations(const Json& body, Violations& violations);

/// toolConfig, generationConfig, systemInstruction and safetySettings (Q35, Q36, Q38 to Q40, Q48).
/// `sampling_expected` = the person asked for a temperature or the like.
void check_settings(const Json& body, const std::string& model, bool sampling_expected,
                    Violations& violations);

/// Roles, parts and turn order (Q9 to Q17, Q20 to Q22, Q37, Q42).
void check_contents(const Json& body, const std::string& model, const Keys& issued_kinds,
                    Violations& violations);

/// What pairs calls and responses (Q18, Q19). False when the service would answer with nothing.
bool responses_match(const Json& contents, Violations& violations);

/// Names of the functions declared in `body`.
std::vector<std::string> declared_functions(const Json& body);

/// The functionCall parts of one content.
Json calls_of(const Json& content);

bool holds_response(const Json& content);

}  // namespace cartpilot::fakes::gemini_rules
