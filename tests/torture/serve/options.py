"""The arguments of `scripts/torture-serve`."""
import argparse
import random

import postgres

QUICK = 60


def read(arguments):
    parser = argparse.ArgumentParser(
        prog="scripts/torture-serve",
        description="Many people shop at several instances of `cartpilot serve` while instances "
                    "are killed and stopped, and what was bought is judged (docs/torture.md).")
    parser.add_argument("--purchases", type=int, default=5000, metavar="N")
    parser.add_argument("--people", type=int, default=50, metavar="N")
    parser.add_argument("--instances", type=int, default=3, metavar="N")
    parser.add_argument("--seed", type=int, default=None, help="default: another one each time")
    parser.add_argument("--minutes", type=float, default=120,
                        help="nobody begins another purchase after that time")
    parser.add_argument("--database", choices=["sqlite", "postgresql"],
                        default="postgresql" if postgres.available() else "sqlite")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} purchases of 10 people")
    parser.add_argument("--limit-day", type=int, default=None, metavar="USD")
    parser.add_argument("--faults", type=float, default=1.0, metavar="X",
                        help="X times as many disturbed confirms as usual (0: none)")
    parser.add_argument("--slow-health", type=float, default=0.0, metavar="P",
                        help="so many of all looks at CartPilot's health take 3 s (0 to 1)")
    parser.add_argument("--pace", type=float, default=1.0, metavar="X",
                        help="X times as long between two blows as usual")
    parser.add_argument("--no-chaos", dest="chaos", action="store_false",
                        help="leave the instances and the database alone")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs")
    parser.add_argument("--details", action="store_true", help="count everything, show the logs")
    parser.add_argument("--every", type=float, default=5, metavar="SECONDS",
                        help="between two lines of progress")
    parser.add_argument("--prove", action="store_true",
                        help="let CartPilot cheat, and expect that it is found")
    options = parser.parse_args(arguments)
    if options.quick:
        options.purchases, options.people = QUICK, 10
    if options.database == "sqlite":
        options.instances = 1  # a second one on the same file is refused
    options.people = max(1, min(options.people, options.purchases))
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1_000_000)
    return options
