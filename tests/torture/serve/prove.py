"""Shows that the torture sees what it looks for: CartPilot cheats, and the judge must say so."""
import copy
import os
import sqlite3

from run import Run

# What each cheat must be found as.
CHEATS = {
    "buys_again": ("unapproved", "duplicate"),
    "says_bought": ("false",),
    "hides_order": ("lost", "false"),
    "sells_two": ("unapproved", "false"),
}
PURCHASES = 12
PEOPLE = 4
NO_LIMIT = 100_000  # USD
SMALL_LIMIT = 60


def quiet(options, limit):
    """Nothing but the cheat happens."""
    small = copy.copy(options)
    small.purchases, small.people = PURCHASES, PEOPLE
    small.chaos, small.faults, small.keep = False, 0.0, False
    small.slow_health = 0.0
    small.limit_day = limit
    return small


def alter_records(run):
    """Makes every purchase one that was not bought."""
    change = "UPDATE {}purchases SET state = 'void' WHERE state = 'done'"
    if run.cluster is not None:
        schemas = run.cluster.ask("SELECT schemaname FROM pg_tables WHERE tablename = "
                                  "'purchases'").stdout.split()
        for schema in schemas:
            run.cluster.ask(change.format(f'"{schema}".'))
        return
    people = os.path.join(run.folder.environment("instance0")["XDG_STATE_HOME"], "cartpilot",
                          "people")
    for person in os.listdir(people):
        database = sqlite3.connect(os.path.join(people, person, "state.db"))
        with database:
            database.execute(change.format(""))
        database.close()


def found(name, run, wanted, say, lines):
    counts = run.counts()
    good = all(counts[kind] > 0 for kind in wanted) if wanted else not run.findings
    told = ", ".join(f"{kind} {number}" for kind, number in counts.items() if number)
    say(f"{'found    ' if good else 'NOT FOUND'} {name}: {told or 'nothing'}", flush=True)
    for kind in wanted:
        for finding in [each for each in run.findings if each.kind == kind][:1]:
            say(f"          {finding}", flush=True)
    if not good:
        say("\n".join(f"          {line}" for line in lines), flush=True)
    return good


def prove(options, say=print):
    """True when an honest CartPilot is found blameless and every cheat is found."""
    good = True
    for cheat, wanted in {"": (), **CHEATS}.items():
        lines = []
        run = Run(quiet(options, NO_LIMIT), cheat or None, lambda line, **_: lines.append(line))
        run.go()
        good = found(cheat or "an honest CartPilot", run, wanted, say, lines) and good
    for name, wanted, limit, more in (
            ("a program that knows a larger limit", ("overspent",), SMALL_LIMIT,
             {"told_limit": NO_LIMIT}),
            ("a record that was altered", ("lost", "false"), NO_LIMIT,
             {"at_the_end": alter_records})):
        lines = []
        run = Run(quiet(options, limit), None, lambda line, **_: lines.append(line), **more)
        run.go()
        good = found(name, run, wanted, say, lines) and good
    return good
