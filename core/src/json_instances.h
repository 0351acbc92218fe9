// Declares the JSON templates that json_instances.cpp instantiates once for the whole program, so
// that not every file compiles them again. Reached through the precompiled headers only; plugins,
// which are built on their own, do not see it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

// Each name with how it is meant: `extern template` here, `template` in json_instances.cpp.
#define CARTPILOT_JSON_INSTANCES(KIND)                                                        \
  KIND class nlohmann::basic_json<nlohmann::ordered_map>;                                     \
  KIND class nlohmann::detail::serializer<nlohmann::ordered_json>;                            \
  KIND class nlohmann::detail::json_sax_dom_parser<nlohmann::ordered_json>;                   \
  KIND class nlohmann::detail::lexer<nlohmann::ordered_json,                                  \
                                     nlohmann::detail::iterator_input_adapter<const char*>>;  \
  KIND class nlohmann::detail::parser<nlohmann::ordered_json,                                 \
                                      nlohmann::detail::iterator_input_adapter<const char*>>; \
  KIND bool nlohmann::ordered_json::sax_parse(                                                \
      const char*, const char*, nlohmann::json_sax<nlohmann::ordered_json>*,                  \
      nlohmann::ordered_json::input_format_t, const bool, const bool);                        \
  KIND class nlohmann::ordered_map<std::string, nlohmann::ordered_json>;                      \
  KIND class std::vector<nlohmann::ordered_json>

CARTPILOT_JSON_INSTANCES(extern template);
