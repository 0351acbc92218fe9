"""`scripts/torture-serve`: see docs/torture.md."""
import signal
import sys

import options as arguments
import prove
from run import Run


def end(*_):
    """Whoever ends the torture leaves no process and no folder behind."""
    raise SystemExit("torture-serve was ended")


def main():
    signal.signal(signal.SIGTERM, end)
    options = arguments.read(sys.argv[1:])
    if options.prove:
        return 0 if prove.prove(options) else 1
    return 0 if Run(options).go() else 1


if __name__ == "__main__":
    sys.exit(main())
