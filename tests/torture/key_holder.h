// Somebody with the API key who talks to a CartPilot over HTTP, step by step.
//
// Says nothing about what answers should be; tests do. One thread per object.
#pragma once

#include <string>

#include "net/http_client.h"
#include "torture/fault_cartpilot.h"

namespace cartpilot::torture {

struct Told {
  int status = 0;  ///< 0 = no answer came
  Json json;       ///< null when the body is none
  HttpHeaders headers;
  std::string reason;  ///< why no answer came

  std::string text(const char* member) const { return string_or(json, member); }
};

class KeyHolder {
 public:
  explicit KeyHolder(FaultCartPilot& server) : server_(server) {}

  /// "" as key or bearer sends no such header.
  Told post(const std::string& target, const Json& body, const std::string& key = "");
  Told get(const std::string& target);

  /// A checkout of the first offer with items, in state "created"; its id.
  std::string create();
  Json items() const { return Json::array({{{"product_id", product}, {"quantity", quantity}}}); }
  Told quote(const std::string& id) { return post(at(id, "quote"), {{"items", items()}}); }
  Told request_approval(const std::string& id) {
    return post(at(id, "request-approval"), Json::object());
  }
  Told approve(const std::string& id) { return post(at(id, "approve"), Json::object()); }
  Told confirm(const std::string& id, const std::string& key = "") {
    return post(at(id, "confirm"), {{"payment_method", "test_card"}}, key);
  }
  Told checkout(const std::string& id) { return get("/checkouts/" + id); }
  /// created, quoted, frozen; and approved.
  std::string frozen();
  std::string approved();

  std::string bearer = "torture-api-key-canary-5f1c";
  std::string offer;
  std::string product;
  int quantity = 1;

 private:
  static std::string at(const std::string& id, const char* action) {
    return "/checkouts/" + id + "/" + action;
  }
  Told send(HttpRequest request, const std::string& key);

  FaultCartPilot& server_;
  net::HttpClient http_;
};

}  // namespace cartpilot::torture
