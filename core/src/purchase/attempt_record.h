// How attempts and their events look in the database: rows, records, the hash chain.
//
// The journal's private half: it decides when something is written, this file what. All functions
// work inside the caller's transaction and let the database's own exceptions through. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commerce/receipt.h"
#include "purchase/journal.h"

namespace cartpilot::purchase {

/// The tables of the journal.
const store::TableSet& purchase_tables();

/// Reads attempt_state_name() back. Throws Error{kProtocol} for anything else.
AttemptState attempt_state_from(std::string_view name);

/// Whether `next` may follow the present state.
bool may_follow(const Attempt& attempt, AttemptState next);

/// The whole attempt as one line of JSON: what an event says and what is hashed.
std::string attempt_record(const Attempt& attempt);

/// What was agreed to, as one line of ASCII: items with product, variant, SKU, title, quantity and
/// unit price; subtotal, tax, shipping, total, currency, expiry.
std::string receipt_record(const commerce::Receipt& receipt);

/// SHA-256 over the hash before, the number and the record.
std::string chain_hash(std::string_view previous, std::int64_t seq, std::string_view record);

void insert_attempt(store::StateDb& db, const Attempt& attempt);
void update_attempt(store::StateDb& db, const Attempt& attempt);

/// Rows that fit `where`, whose question marks take `bound` in order.
std::vector<Attempt> select_attempts(store::StateDb& db, const std::string& where,
                                     const std::vector<std::string>& bound);

/// See PurchaseJournal::verify().
std::optional<std::int64_t> first_broken_event(store::StateDb& db);

}  // namespace cartpilot::purchase
