// An exchange with a server, as a recording has it.
//
// Requests: {"request":1,"method","url","headers":[[name,value]],"body"}. Answers: {"request":1,
// "status","headers","body","cuts":[[bytes,ms],...],"error":{...}}, where `cuts` are the pieces in
// which the body came and when, since the request. Headers that carry a key have the value
// "[redacted]"; an Idempotency-Key is counted, so that it shows which requests share one. Plain
// functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cartpilot/error.h"
#include "cartpilot/http.h"
#include "cartpilot/json.h"

namespace cartpilot::record {

/// Whether a header, variable or option of that name holds what must never be written down.
bool is_key_name(const std::string& name);

/// Numbers of idempotency keys, by key.
using KeyNumbers = std::map<std::string, int>;

Json request_to_json(const HttpRequest& request, KeyNumbers& keys);
Json headers_to_json(const HttpHeaders& headers);
HttpHeaders headers_from_json(const Json& value);
Json error_to_json(const Error& error);
Error error_from_json(const Json& value);

/// How `now` differs from `recorded`, for a person; "" when it does not.
std::string difference(const Json& recorded, const Json& now);
/// The same for texts: where they part, with what stands there.
std::string text_difference(std::string_view recorded, std::string_view now);

}  // namespace cartpilot::record
