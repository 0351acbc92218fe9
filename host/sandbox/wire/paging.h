// Pages of a list, as every listing endpoint cuts them.
//
// Pure functions over plain values; thread-safe.
#pragma once

#include <algorithm>
#include <utility>

#include "sandbox/wire/request_validation.h"

namespace cartpilot::sandbox {

struct Paging {
  std::int64_t page = 1;
  std::int64_t page_size = 20;
};

/// `page` from 1 and `page_size` 1 to 100, as query parameters. Problems are collected in `fields`.
inline Paging read_paging(Fields& fields) {
  const std::int64_t page = fields.integer_or("page", 1, {.least = 1, .most = std::nullopt});
  return {page, fields.integer_or("page_size", 20, {.least = 1, .most = 100})};
}

/// First and one behind the last index of the page; both equal beyond the end. Written without a
/// product that a huge page number would overflow.
inline std::pair<std::int64_t, std::int64_t> slice(const Paging& paging, std::int64_t total) {
  if (paging.page - 1 > total / paging.page_size) return {total, total};
  const std::int64_t begin = std::min(total, (paging.page - 1) * paging.page_size);
  return {begin, std::min(total, begin + paging.page_size)};
}

inline bool has_more(const Paging& paging, std::int64_t total) {
  return total > 0 && paging.page <= (total - 1) / paging.page_size;
}

inline Json page_view(const Paging& paging, std::int64_t total, Json items) {
  return {{"total", total},
          {"page", paging.page},
          {"page_size", paging.page_size},
          {"has_more", has_more(paging, total)},
          {"items", std::move(items)}};
}

}  // namespace cartpilot::sandbox
