// Events of the Responses API, in few words.
#pragma once

#include <string>

#include "decode_testing.h"

namespace cartpilot::openai::testing {

/// {"type":TYPE, MEMBERS}
inline std::string event(const std::string& type, const std::string& members = "") {
  return R"({"type":"response.)" + type + '"' + (members.empty() ? "" : "," + members) + "}";
}

inline std::string item_event(const std::string& which, int index, const std::string& item) {
  return event("output_item." + which,
               R"("output_index":)" + std::to_string(index) + R"(,"item":)" + item);
}

inline std::string delta(const std::string& type, int index, const std::string& text) {
  return event(type + ".delta",
               R"("output_index":)" + std::to_string(index) + R"(,"delta":")" + text + '"');
}

inline std::string terminal(const std::string& type, const std::string& members = "") {
  return event(type, R"("response":{"id":"r","status":")" + type + R"(","model":"m-1")" +
                         (members.empty() ? "" : "," + members) + "}");
}

inline std::string call_item(const std::string& id, const std::string& arguments,
                             const std::string& status = "completed") {
  return R"({"type":"function_call","id":"fc_)" + id + R"(","call_id":")" + id +
         R"(","name":"mixer_level","arguments":")" + arguments + R"(","status":")" + status +
         R"("})";
}

inline const std::string kReasoning =
    R"({"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"Think."}],"encrypted_content":"gA"})";
inline const std::string kCall = call_item("a", R"({\"channel\":3})");

inline std::string message_item(const std::string& text, const std::string& extra = "") {
  return R"({"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":")" +
         text + R"("}])" + extra + "}";
}

}  // namespace cartpilot::openai::testing
