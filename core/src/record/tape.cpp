#include "record/tape.h"

namespace cartpilot::record {

namespace {

Tape* tape_set = nullptr;

}  // namespace

Tape* tape() { return base::outside_here() == nullptr ? nullptr : tape_set; }

Tape* process_tape() { return tape_set; }

void set_tape(Tape* tape) {
  tape_set = tape;
  base::set_outside(tape);
}

}  // namespace cartpilot::record
