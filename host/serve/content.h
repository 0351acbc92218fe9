// The files of the page of `serve`, which are part of the program.
//
// Constants; any thread.
#pragma once

#include <string_view>

namespace cartpilot::host {

struct ServeFile {
  const char* path;  ///< below the page's address: "/", "/serve.css"
  const char* content_type;
  const char* text;
};

/// Null when there is no such file.
const ServeFile* serve_file(std::string_view path);

}  // namespace cartpilot::host
