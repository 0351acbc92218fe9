// The files of the approval page, which are part of the program.
//
// Constants; any thread.
#pragma once

#include <string_view>

namespace cartpilot::host {

struct PageFile {
  const char* path;  ///< below the page's address: "/", "/page.css"
  const char* content_type;
  const char* text;
};

/// Null when there is no such file.
const PageFile* page_file(std::string_view path);

}  // namespace cartpilot::host
