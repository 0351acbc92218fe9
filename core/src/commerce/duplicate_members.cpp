#include "commerce/duplicate_members.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::commerce {
namespace {

/// Hears a JSON text and stops at the first name that its object has already. No tree is built.
class MemberWatch final : public Json::json_sax_t {
 public:
  bool found() const { return found_; }

  bool start_object(std::size_t) override {
    open_.emplace_back();
    return true;
  }
  bool key(string_t& name) override {
    found_ = !open_.back().insert(std::move(name)).second;
    return !found_;
  }
  bool end_object() override {
    open_.pop_back();
    return true;
  }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    return false;
  }

 private:
  std::vector<std::set<std::string>> open_;  ///< the names in each open object
  bool found_ = false;
};

}  // namespace

bool has_duplicate_members(std::string_view text) {
  MemberWatch watch;
  Json::sax_parse(text.begin(), text.end(), &watch);
  return watch.found();
}

}  // namespace cartpilot::commerce
