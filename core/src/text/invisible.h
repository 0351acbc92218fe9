// Characters that a person does not see.
//
// Pure functions; thread-safe.
#pragma once

namespace cartpilot::text {

/// A control character (C0, DEL, C1), or one without a glyph that reorders, joins or hides text, or
/// carries bytes unseen: Unicode's Default_Ignorable_Code_Point and the interlinear annotation
/// marks. Joiners and variation selectors are among them.
bool is_unseen(char32_t point);

/// What shapes the characters beside it: ZWJ, ZWNJ.
bool is_joiner(char32_t point);
bool is_variation_selector(char32_t point);

/// A letter or mark of a script that joiners shape, or an emoji.
bool can_be_joined(char32_t point);

}  // namespace cartpilot::text
