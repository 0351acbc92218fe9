"""What was seen in a run: noted by many threads, judged by one at the end."""
import re
import threading
import time

MINOR = {"USD": 2, "EUR": 2, "JPY": 0}


def money(text):
    """(minor units, currency) of "61.81 USD"."""
    found = re.fullmatch(r"(\d+)(?:\.(\d+))? ([A-Z]{3})", text.strip())
    if not found:
        raise ValueError(f"no amount of money: {text!r}")
    whole, part, currency = found.groups()
    digits = MINOR.get(currency, 2)
    return int(whole) * 10**digits + int((part or "").ljust(digits, "0") or 0), currency


def money_text(minor, currency):
    digits = MINOR.get(currency, 2)
    if not digits:
        return f"{minor} {currency}"
    return f"{minor // 10**digits}.{minor % 10**digits:0{digits}} {currency}"


class Finding:
    """Something that must not be. `kind` is a column of the table at the end."""

    def __init__(self, kind, text, **where):
        self.kind = kind
        self.text = text
        self.where = {name: value for name, value in where.items() if value}
        self.time = time.time()

    def __str__(self):
        where = ", ".join(f"{name} {value}" for name, value in self.where.items())
        return f"{self.kind}: {self.text}" + (f" ({where})" if where else "")


class Facts:
    """Notes of all people, and what the program did wrong while it ran. Any thread."""

    def __init__(self):
        self.lock = threading.Lock()
        self.begun = {}  # person by conversation
        self.agreements = []  # noted before the yes was sent
        self.statements = []  # what the page said of a purchase
        self.turns = []  # the last words of each answer
        self.misbehaved = []
        self.counts = {}

    def begin(self, person, conversation):
        with self.lock:
            self.begun[conversation] = person

    def agree(self, **agreement):
        """A person is about to say yes to exactly this."""
        with self.lock:
            self.agreements.append({"time": time.time(), **agreement})

    def state(self, **statement):
        with self.lock:
            self.statements.append({"time": time.time(), **statement})

    def complain(self, text, **where):
        with self.lock:
            self.misbehaved.append(Finding("misbehaved", text, **where))

    def count(self, what, number=1):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + number

    def counted(self, what):
        with self.lock:
            return self.counts.get(what, 0)
