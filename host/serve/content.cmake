# The files of host/serve/content as C++: build/host/serve_content.cpp.
file(GLOB serve_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/serve/content/*)
set(serve_entries "")
foreach(file ${serve_files})
  get_filename_component(name ${file} NAME)
  get_filename_component(ending ${file} LAST_EXT)
  set(path "/${name}")
  if(name STREQUAL "index.html")
    set(path "/")
  endif()
  set(type "text/javascript")
  if(ending STREQUAL ".html")
    set(type "text/html")
  elseif(ending STREQUAL ".css")
    set(type "text/css")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  # A string literal of 64 KiB is the longest that every compiler takes.
  string(LENGTH "${text}" length)
  if(length GREATER 60000)
    message(FATAL_ERROR "${file} is too long for one string literal")
  endif()
  string(APPEND serve_entries "    {\"${path}\", \"${type}; charset=utf-8\", R\"cartpilot(${text})cartpilot\"},\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/serve_content.cpp @ONLY CONTENT
[[// Written by content.cmake.
#include "serve/content.h"

namespace cartpilot::host {
namespace {

const ServeFile kFiles[] = {
@serve_entries@};

}  // namespace

const ServeFile* serve_file(std::string_view path) {
  for (const ServeFile& file : kFiles) {
    if (path == file.path) return &file;
  }
  return nullptr;
}

}  // namespace cartpilot::host
]])
target_sources(cartpilot_host PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/serve_content.cpp)
