#include "cost/price_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "cartpilot/error.h"
#include "cartpilot/json.h"
#include "commerce/currency.h"
#include "cost/built_in_prices.h"
#include "cost/day.h"

namespace cartpilot::cost {

namespace {

/// The parts of a price by their names, however they were written down.
using Parts = std::map<std::string, std::string>;

constexpr std::array kNames = {
    "input",       "output",      "cached",           "cache-write", "long-above", "long-input",
    "long-output", "long-cached", "long-cache-write", "currency",    "checked"};

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, what);
}

std::string part(const Parts& parts, const std::string& name) {
  const auto found = parts.find(name);
  return found == parts.end() ? "" : found->second;
}

std::int64_t rate(const Parts& parts, const std::string& name,
                  std::optional<std::int64_t> otherwise) {
  const std::string text = part(parts, name);
  if (text.empty() && otherwise) return *otherwise;
  if (text.empty()) refuse(fmt::format("{} is missing", name));
  const auto value = parse_rate(text);
  if (!value)
    refuse(fmt::format("{}: '{}' is no price per million tokens such as 0.75", name, text));
  return *value;
}

Rates rates_of(const Parts& parts, const std::string& before) {
  Rates rates;
  rates.input = rate(parts, before + "input", std::nullopt);
  rates.output = rate(parts, before + "output", std::nullopt);
  rates.cached = rate(parts, before + "cached", rates.input);
  rates.cache_write = std::max(rate(parts, before + "cache-write", rates.input), rates.input);
  return rates;
}

Price price_of(const Parts& parts) {
  Price price;
  price.rates = rates_of(parts, "");
  price.currency = part(parts, "currency");
  if (!commerce::decimals_of(price.currency)) {
    refuse(price.currency.empty() ? "currency is missing"
                                  : fmt::format("currency: '{}' is unknown", price.currency));
  }
  if (const std::string above = part(parts, "long-above"); !above.empty()) {
    const bool digits = above.size() <= 9 && above.find_first_not_of("0123456789") == above.npos;
    if (!digits) refuse(fmt::format("long-above: '{}' is no number of tokens", above));
    price.long_above = std::stoll(above);
    price.long_rates = rates_of(parts, "long-");
  }
  price.checked = part(parts, "checked");
  if (!price.checked.empty() && !is_day(price.checked)) {
    refuse(fmt::format("checked: '{}' is no day such as 2026-11-29", price.checked));
  }
  return price;
}

/// "cache_write" of JSON is "cache-write".
std::string named(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

Parts parts_of(const Json& row) {
  Parts parts;
  for (const auto& [key, value] : row.items()) {
    if (value.is_string()) parts[named(key)] = value.get<std::string>();
  }
  const auto of_long = row.find("long");
  if (of_long == row.end()) return parts;
  for (const auto& [key, value] : of_long->items()) {
    parts["long-" + named(key)] =
        value.is_string() ? value.get<std::string>() : std::to_string(value.get<std::int64_t>());
  }
  return parts;
}

/// Without a date at the end: "-2025-04-14" or "-20250414".
std::string without_date(const std::string& model) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{8}}) {
    if (model.size() <= size + 1 || model[model.size() - size - 1] != '-') continue;
    std::string day = model.substr(model.size() - size);
    if (size == 8) day = day.substr(0, 4) + "-" + day.substr(4, 2) + "-" + day.substr(6);
    if (is_day(day)) return model.substr(0, model.size() - size - 1);
  }
  return model;
}

}  // namespace

PriceTable PriceTable::built_in() { return parse(built_in_prices()); }

PriceTable PriceTable::parse(std::string_view json) {
  PriceTable table;
  const Json list = parse_json(json, "the list of prices");
  for (const Json& row : list.at("prices")) {
    const Parts parts = parts_of(row);
    Price price = price_of(parts);
    price.from = part(parts, "from");
    price.source = part(parts, "source");
    std::vector<Price>& all = table.prices_[{part(parts, "provider"), part(parts, "model")}];
    all.push_back(std::move(price));
    std::stable_sort(all.begin(), all.end(),
                     [](const Price& a, const Price& b) { return a.from < b.from; });
  }
  return table;
}

void PriceTable::set(const std::string& model, const std::string& text) {
  const std::size_t slash = model.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == model.size()) {
    refuse("the name is PROVIDER/MODEL, such as \"openai/gpt-6.1-terra\"");
  }
  Parts parts;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (equals == std::string::npos ||
        std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
      refuse(fmt::format("'{}' is not understood; the parts are NAME=VALUE with the names {}", word,
                         fmt::join(kNames, ", ")));
    }
    if (!parts.emplace(name, word.substr(equals + 1)).second) {
      refuse(fmt::format("{} stands there twice", name));
    }
  }
  Price price = price_of(parts);
  price.source = "your settings";
  prices_[{model.substr(0, slash), model.substr(slash + 1)}] = {std::move(price)};
}

const Price* PriceTable::find(const std::string& provider, const std::string& model,
                              std::string_view day) const {
  for (const std::string& name : {model, without_date(model), std::string("*")}) {
    const auto found = prices_.find({provider, name});
    if (found == prices_.end()) continue;
    const Price* holds = nullptr;
    for (const Price& price : found->second) {
      if (price.from <= day) holds = &price;
    }
    if (holds != nullptr) return holds;
  }
  return nullptr;
}

}  // namespace cartpilot::cost
