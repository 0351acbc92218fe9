# The files of host/page/content as C++: build/host/page_content.cpp.
set(page_entries "")
foreach(entry "/|page.html|text/html" "/page.css|page.css|text/css" "/page.js|page.js|text/javascript")
  string(REPLACE "|" ";" entry "${entry}")
  list(GET entry 0 path)
  list(GET entry 1 name)
  list(GET entry 2 type)
  set(file ${CMAKE_CURRENT_SOURCE_DIR}/page/content/${name})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  string(APPEND page_entries "    {\"${path}\", \"${type}; charset=utf-8\", R\"cartpilot(${text})cartpilot\"},\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/page_content.cpp @ONLY CONTENT
[[// Written by content.cmake.
#include "page/content.h"

namespace cartpilot::host {
namespace {

const PageFile kFiles[] = {
@page_entries@};

}  // namespace

const PageFile* page_file(std::string_view path) {
  for (const PageFile& file : kFiles) {
    if (path == file.path) return &file;
  }
  return nullptr;
}

}  // namespace cartpilot::host
]])
target_sources(cartpilot_host PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/page_content.cpp)
