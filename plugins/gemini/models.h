// What the plugin knows about model ids: how they stand in a path, which generation they are, how
// they think, and which are gone.
//
// Pure functions. The service has the last word: an id that is unknown here is treated as the
// newest generation and sent as it is, because lists like these grow old.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cartpilot::gemini {

constexpr std::string_view kDefaultModel = "gemini-3.8-flash";

/// "gemini-3.8-flash" -> "models/gemini-3.8-flash"; ids that bring their collection
/// ("tunedModels/x") stay. Throws Error{kInvalidArgument} for anything that would change the path
/// or the query.
std::string model_path(const std::string& model);

/// 3 for "gemini-3.8-flash"; 0 when the id does not say (aliases, other families).
int model_generation(std::string_view model);

/// True when the service may insist on a thought signature for every step: generation 3 and later,
/// and Gemini ids whose generation is unknown.
bool expects_signatures(std::string_view model);

/// True when signatures made by `made_by` (and its answered version, which tells what an alias
/// stood for) may be shown to `target`: both are of one generation, or one of them does not say.
bool may_share_signatures(std::string_view made_by, std::string_view made_by_version,
                          std::string_view target);

/// Why `model` cannot think that way ("offers the thinking levels low, medium, high"), "" when it
/// can or when nothing is known. `level` is upper case.
std::string thinking_problem(std::string_view model, const std::optional<std::string>& level,
                             const std::optional<std::int64_t>& budget);

/// One line that names the successor of a retired model id, "" for others.
std::string retirement_notice(std::string_view model);

/// One line when `version`, the model that says it answered, is another one than `asked`; "" when
/// it is the same in another edition ("-001", "-preview"), or when `asked` is an alias or a tuned
/// model.
std::string routing_notice(std::string_view asked, std::string_view version);

}  // namespace cartpilot::gemini
