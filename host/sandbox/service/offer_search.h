// Which products a wish finds: the service's keyword rules.
//
// Words are matched as substrings and joined by "or"; prices and metadata are never looked at. Pure
// functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/merchant/catalogue.h"

namespace cartpilot::sandbox {

/// The keywords of a wish, in order: lower case, stop words and words of up to two characters
/// dropped, then punctuation cut from both ends. A keyword may therefore be empty ("...").
std::vector<std::string> search_keywords(std::string_view query);

/// Up to ten products in stock: for each of the first three keywords the first ten hits in title or
/// description, without duplicates. An empty keyword hits everything; without any keyword the
/// catalogue's first ten are returned. Points into `catalogue`.
std::vector<const Product*> matching_products(const Catalogue& catalogue, std::string_view query);

}  // namespace cartpilot::sandbox
