"""One run: everything is started, people shop while instances fall, and the end is judged."""
import concurrent.futures
import os
import re
import threading
import time

from chaos import Chaos
from door import Door
from facts import Facts, Finding, money_text
from folder import Folder
from instances import Instances
from judge import KINDS, Case
from person import Person
from postgres import Cluster
from records import Records
from sandbox import Sandbox

SHOWN_ALIKE = 4  # findings that differ in names and numbers only
SHOWN_LINES = 40


def grouped(findings):
    """Lists of findings that are alike, in the order of their first one."""
    groups = {}
    for finding in findings:
        words = re.sub(r"[0-9a-f]{8,}|\d+", "#", finding.text)
        groups.setdefault((finding.kind, words), []).append(finding)
    return list(groups.values())


class Run:
    """`options` as options.py reads them. `broken` names a CartPilot that cheats (door.py)."""

    def __init__(self, options, broken=None, say=print, told_limit=None,
                 at_the_end=lambda run: None):
        self.options = options
        self.say = say
        self.broken = broken
        self.facts = Facts()
        self.findings = []
        self.unknown = []
        self.began = time.monotonic()
        self.over = threading.Event()
        each = options.purchases // options.people
        more = options.purchases % options.people
        self.shares = [each + (number < more) for number in range(options.people)]
        # Small enough that some purchases must be refused.
        self.told_limit = told_limit  # in USD, when the instances are told another limit
        self.at_the_end = at_the_end  # what somebody does to the records before they are read
        self.limit_day = (options.limit_day or 100 + 60 * max(self.shares)) * 100

    def go(self):
        """True when all that must be 0 is 0."""
        options = self.options
        self.folder = Folder(options.keep)
        self.cluster = self.sandbox = self.door = self.instances = None
        try:
            self.start()
            self.shop()
            self.end()
            self.at_the_end(self)
            self.judge()
        finally:
            self.clear()
        self.table()
        if options.keep:
            self.say(f"kept: {self.folder.path}")
        return not self.findings

    def start(self):
        options = self.options
        self.sandbox = Sandbox(self.folder, options.seed)
        self.door = Door(self.sandbox.port, options.seed,
                         os.path.join(self.folder.logs, "confirms.jsonl"), self.broken,
                         options.faults, options.slow_health)
        flags = ["--provider", "offline", "--api-url", self.door.url, "--limit-day",
                 f"{self.told_limit or self.limit_day // 100}:USD"]
        if options.database == "postgresql":
            self.cluster = Cluster(self.folder.logs)
            flags += ["--database", self.cluster.url]
        self.instances = Instances(options.instances, self.folder, flags, self.facts)
        if not self.instances.start():
            raise SystemExit("\n".join(str(each) for each in self.facts.misbehaved))
        self.people = [Person(number, self.instances, self.facts, options.seed, share, self.over)
                       for number, share in enumerate(self.shares)]

    def shop(self):
        options = self.options
        chaos = None
        if options.chaos:
            chaos = Chaos(self.instances, self.cluster, options.seed, options.pace)
            self.door.strike = chaos.strike
            chaos.start()
        threads = [threading.Thread(target=self.life, args=(person,), daemon=True)
                   for person in self.people]
        for thread in threads:
            thread.start()
        end = self.began + options.minutes * 60
        shown = time.monotonic()
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.2)
            if time.monotonic() > end:
                self.over.set()
            if time.monotonic() - shown > options.every:
                shown = time.monotonic()
                self.progress(chaos)
        self.blows = {}
        self.door.strike = None
        if chaos is not None:
            chaos.end()
            self.blows = chaos.done
        self.door.share = self.door.slow_health = 0
        self.made = self.facts.counted("purchases")
        self.progress(chaos)

    def life(self, person):
        try:
            person.shop()
        except Exception as error:  # noqa: BLE001 - a fault of the torture itself must be seen
            self.facts.complain(f"the torture itself failed: {error!r}", person=person.name)
            if self.options.keep:
                raise

    def end(self):
        """Everything heals; people look once more, and what is in doubt is looked into."""
        threads = [threading.Thread(target=self.last_look, args=(person,), daemon=True)
                   for person in self.people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.instances.look()
        self.instances.end()

    def last_look(self, person):
        try:
            person.look_again()
        except Exception as error:  # noqa: BLE001 - as above
            self.facts.complain(f"the torture itself failed: {error!r}", person=person.name)
            if self.options.keep:
                raise

    def judge(self):
        reader = Records(self.folder, self.cluster.url if self.cluster else None)
        records, findings = {}, []
        homes = [instance.home for instance in self.instances.all]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            people = [person.name for person in self.people]
            read_all = pool.map(lambda person: (reader.purchases(person),
                                                reader.complaints(person, homes)), people)
            for person, (read, complaints) in zip(people, read_all):
                records[person] = read if isinstance(read, list) else []
                if not isinstance(read, list):
                    findings.append(Finding("misbehaved", f"purchases list: {read}",
                                            person=person))
                findings += [Finding("false", said, person=person) for said in complaints]
        if reader.database_complaint():
            findings.append(Finding("false", reader.database_complaint()))
        self.orders = self.sandbox.orders()
        facts = self.facts
        case = Case(self.orders, self.sandbox.bookings(), facts.agreements, facts.statements,
                    facts.turns, records, facts.begun, self.limit_day)
        findings += case.judge()
        self.unknown = case.unknown()
        self.remarks = []
        for instance in self.instances.all:
            for line, internal in instance.remarks():
                self.remarks.append(line)
                if internal:
                    findings.append(Finding("misbehaved", f"on standard error: {line}",
                                            instance=instance.name))
        self.findings = facts.misbehaved + findings
        if not self.orders:
            self.findings.append(Finding("misbehaved", "nothing was bought at all"))

    def clear(self):
        self.over.set()
        if self.instances is not None:
            self.instances.kill_all()
        if self.cluster is not None:
            self.cluster.stop(self.options.keep)
        if self.door is not None:
            self.door.stop()
        if self.sandbox is not None:
            self.sandbox.stop()
        self.folder.remove()

    def progress(self, chaos):
        facts = self.facts
        blows = ", ".join(f"{number} {what}" for what, number in
                          sorted(chaos.done.items())) if chaos else "no chaos"
        self.say(f"{time.monotonic() - self.began:5.0f} s  "
                 f"{facts.counted('purchases')}/{self.options.purchases} purchases, "
                 f"{facts.counted('ended done')} bought, {facts.counted('ended void')} not, "
                 f"{facts.counted('ended unknown')} unknown; {self.door.confirms} confirms, "
                 f"{sum(self.door.faults.values())} faults; {blows}; "
                 f"{len(facts.misbehaved)} misbehaved", flush=True)

    def counts(self):
        return {kind: sum(finding.kind == kind for finding in self.findings) for kind in KINDS}

    def table(self):
        options = self.options
        seconds = time.monotonic() - self.began
        self.say(f"\n{options.people} people, {options.instances} instances, {options.database}, "
                 f"seed {options.seed}, day limit {money_text(self.limit_day, 'USD')}, "
                 f"{seconds:.0f} s")
        for alike in grouped(self.findings):
            for finding in alike[:SHOWN_ALIKE]:
                self.say(f"  {finding}")
            if len(alike) > SHOWN_ALIKE:
                self.say(f"  ... and {len(alike) - SHOWN_ALIKE} more like these")
        for person, attempt in self.unknown[:SHOWN_LINES]:
            self.say(f"  unknown: {person}, attempt {attempt['id']}, {attempt['note']}")
        if options.details:
            for what, number in sorted(self.facts.counts.items()):
                self.say(f"  {number:7} {what}")
            for line in self.remarks[:SHOWN_LINES]:
                self.say(f"  log: {line}")
        faults = ", ".join(f"{number} {name}" for name, number in sorted(self.door.faults.items()))
        blows = ", ".join(f"{number} {what}" for what, number in sorted(self.blows.items()))
        self.say(f"confirms {self.door.confirms} ({faults or 'none disturbed'}); instances: "
                 f"{blows or 'nothing done to them'}")
        self.say(f"purchases {self.made} of {options.purchases} / orders {len(self.orders)} / "
                 f"agreed {len({each['question'] for each in self.facts.agreements})} / "
                 f"refused over the limit "
                 f"{self.facts.counted('refused over the limit of a day')} / "
                 f"unknown {len(self.unknown)}")
        self.say(" / ".join(f"{kind} {number}" for kind, number in self.counts().items()),
                 flush=True)
