// Document: the values of a script file, each with the line it begins on.
//
// TOML and JSON become the same value. Plain values; the functions are pure and may be called from
// any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "cartpilot/json.h"

namespace cartpilot::script {

struct Document {
  std::string name;  ///< of the file, for messages
  Json root;
  /// By path, "/answer/0/text": that of a member is the line of its name.
  std::map<std::string, int> lines;

  /// The line of the value at `path`, or of the nearest one around it.
  int line_of(std::string path) const;
};

/// Throws Error{kInvalidArgument} "NAME, line 3: ..." for text that is not TOML.
Document parse_toml(const std::string& name, std::string_view text);
/// The same for JSON.
Document parse_json_document(const std::string& name, std::string_view text);

/// Reads a file: JSON when its name ends in .json, otherwise TOML. Throws Error{kNotFound} for a
/// file that cannot be read, {kInvalidArgument} for one of more than 4 MiB and as above.
Document read_document(const std::string& file);

}  // namespace cartpilot::script
