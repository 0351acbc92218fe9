// Reading the headers of a request: values that count only when they were sent once.
//
// Pure functions; any thread.
#pragma once

#include <string>

#include "cartpilot/http.h"

namespace cartpilot::host {

/// How often a header of that name was sent; case does not matter.
int count_of(const HttpHeaders& headers, const std::string& name);

/// The value of a header that was sent once; "" otherwise.
std::string only_value(const HttpHeaders& headers, const std::string& name);

/// The cookie `name`; "" when it is missing or there are several.
std::string cookie_in(const HttpHeaders& headers, const std::string& name);

}  // namespace cartpilot::host
