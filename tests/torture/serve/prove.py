"""Shows that the torture sees what it looks for: CartPilot cheats, and the judge must say so."""
import copy

from run import Run

# What each cheat must be found as.
CHEATS = {
    "buys_again": ("unapproved", "duplicate"),
    "says_bought": ("false",),
    "hides_order": ("lost", "false"),
    "sells_two": ("unapproved",),
}
PURCHASES = 12
PEOPLE = 4


def quiet(options):
    """Nothing but the cheat happens."""
    small = copy.copy(options)
    small.purchases, small.people = PURCHASES, PEOPLE
    small.chaos, small.faults = False, 0.0
    small.limit_day = 100_000
    return small


def prove(options, say=print):
    """True when an honest CartPilot is found blameless and every cheat is found."""
    good = True
    for cheat, wanted in {"": (), **CHEATS}.items():
        lines = []
        run = Run(quiet(options), cheat or None, lambda line, **_: lines.append(line))
        run.go()
        counts = run.counts()
        found = all(counts[kind] > 0 for kind in wanted) if cheat else not run.findings
        good = good and found
        said = ", ".join(f"{kind} {number}" for kind, number in counts.items() if number)
        say(f"{'found    ' if found else 'NOT FOUND'} {cheat or 'an honest one, nothing'}: "
            f"{said or 'nothing'}", flush=True)
        first = [next((finding for finding in run.findings if finding.kind == kind), None)
                 for kind in wanted]
        for finding in first:
            if finding is not None:
                say(f"          {finding}", flush=True)
        if not found:
            say("\n".join(f"          {line}" for line in lines), flush=True)
    return good
