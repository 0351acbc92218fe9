"""A person who shops: says the three lines of the demo, looks, and answers as people do.

What the person agrees to is noted before the yes is sent, and what the page says came of it.
"""
import random
import re
import threading
import time

from browser import Browser, Stuck
from facts import money
from instances import INTERNAL
from wire import Cut, GivenUp, NotReached

CHEAP = [("I need wireless headphones under $100", ["buy the cheapest"]),
         ("a red t-shirt", ["buy the cheapest", "number 2", "2 of the cheapest"]),
         ("I need a desk lamp", ["buy the cheapest", "number 2", "number 3"]),
         ("a backpack under $120", ["buy the cheapest", "number 2"]),
         ("a board game", ["buy the cheapest", "number 2", "2 of the cheapest"]),
         ("books", ["buy the cheapest", "number 2", "number 3", "3 of the cheapest"]),
         ("I need a coffee maker", ["buy the cheapest"])]
DEAR = [("an office chair", ["buy the cheapest", "number 3"]), ("a laptop", ["the cheapest"])]

# What somebody does with the question, of a hundred.
WAYS = [("yes", 72), ("twice", 8), ("no", 6), ("wrong code", 5), ("nothing", 3), ("stop", 3),
        ("stop after the yes", 3)]
CARTPILOT = "SANDBOX, no real money"  # as a question calls the only one there is
OTHER_CARTPILOT = re.compile("another CartPilot answers")
TWO_TABS = 0.08
MAX_TRIES = 10  # for each purchase
SAYS_IT_AGAIN = 0.4  # when it was not bought, or nobody knows
TURN_LIMIT = 150  # seconds in which a turn must end: a confirm in doubt is looked at for 50
RECONCILE_PAUSE = 16  # after a lost confirm CartPilot is asked again so many seconds later


class Person:
    """One person; `purchases` is how often they shop. Runs on the thread that calls `shop`."""

    def __init__(self, number, instances, facts, seed, purchases, over):
        self.name = f"person{number:03}@example.com"
        self.facts = facts
        self.random = random.Random(f"{seed} {self.name}")
        self.spends_much = number % 5 == 4
        self.purchases = purchases
        self.over = over
        self.browser = Browser(self.name, instances, facts)
        self.made = 0  # purchases so far
        self.conversations = []
        self.begun_at = {}  # which instance began a conversation, and when
        self.active = set()
        self.lock = threading.Lock()
        self.outcomes = {}  # of answers, by question

    # A whole life.

    def shop(self):
        """What falls before there is a question or a word on the purchase is tried once more."""
        tries = 0
        while self.made < self.purchases and not self.over.is_set():
            tries += 1
            if tries > MAX_TRIES * self.purchases:
                self.facts.complain(f"only {self.made} of {self.purchases} purchases came to a "
                                    f"question in {tries - 1} tries", person=self.name)
                return
            if self.purchases - self.made > 1 and self.random.random() < TWO_TABS:
                tabs = [threading.Thread(target=self.purchase) for _ in range(2)]
                for tab in tabs:
                    tab.start()
                for tab in tabs:
                    tab.join()
            else:
                self.purchase()

    def purchase(self):
        """One purchase. In the end it was decided on, or fell before it got so far."""
        decided = False
        with self.lock:
            dear = self.random.random() < (0.5 if self.spends_much else 0.03)
            wish, picks = self.random.choice(DEAR if dear else CHEAP)
            pick = self.random.choice(picks)
            way = self.random.choices([name for name, _ in WAYS], [share for _, share in WAYS])[0]
        conversation = None
        try:
            conversation = self.begin()
            for text in (wish, pick):
                self.turn(conversation, text)
            decided = self.buy(conversation, way)
        except Stuck:
            self.facts.count("tries given up")
        finally:
            self.facts.count("purchases" if decided else "tries that fell before a question")
            with self.lock:
                self.made += decided
                self.active.discard(conversation)

    def buy(self, conversation, way):
        """Says yes to the assistant, and again when that came to nothing, or for no reason.

        True when the person was asked, or was told what became of the purchase."""
        decided = False
        for _ in range(3):
            done = self.turn(conversation, "yes", way)
            decided = decided or done["asked"] or bool(done["purchases"])
            if done["purchases"]:
                ended = done["purchases"][-1]
                self.facts.count(f"ended {ended}")
                if self.random.random() > (SAYS_IT_AGAIN if ended != "done" else 0.05):
                    break
            if done["asked"] and way in ("no", "nothing", "stop") or self.over.is_set():
                break
        return decided

    def begin(self):
        began = time.monotonic()
        answer = self.browser.until("POST", "/api/conversations", {}, (201,))
        conversation = answer.body["id"]
        self.facts.begin(self.name, conversation)
        with self.lock:
            self.begun_at[conversation] = (answer.instance, began)
            self.conversations.append(conversation)
            self.active.add(conversation)
        return conversation

    # One turn.

    def look(self, conversation, where="page"):
        """The conversation as a reload shows it; None when it is not there."""
        answer = self.browser.until("GET", f"/api/conversations/{conversation}", None, (200, 404))
        if answer.status == 404:
            self.missing(conversation, answer.instance)
            return None
        for purchase in answer.body["purchases"]:
            self.state(conversation, purchase, where)
        return answer.body

    def missing(self, conversation, instance):
        """A conversation may be gone with the instance that began it, before it was used."""
        with self.lock:
            began_at, moment = self.begun_at.pop(conversation, (None, 0.0))
        if began_at is not None and began_at.undisturbed_since(moment):
            self.facts.complain(f"404 for a conversation that {began_at.name} began",
                                person=self.name, conversation=conversation,
                                instance=instance.name)

    def state(self, conversation, purchase, where):
        self.facts.state(person=self.name, conversation=conversation, where=where,
                         attempt=purchase["attempt"], checkout=purchase["checkout_id"],
                         order=purchase["order_id"], state=purchase["state"],
                         total=purchase["total"])

    def say(self, conversation, text):
        """Until it is taken. False when the conversation is gone, or the answer has ended."""
        path = f"/api/conversations/{conversation}/messages"
        before = self.look(conversation)
        if before is None:
            return False
        began = time.monotonic()
        while time.monotonic() - began < TURN_LIMIT:
            try:
                answer = self.browser.once("POST", path, {"text": text})
                if answer.status == 202:
                    return True
                if answer.status == 404:
                    self.missing(conversation, answer.instance)
                    return False
                if answer.status == 401:
                    self.browser.get_key()
                time.sleep(2 if answer.status == 429 else 0.5)
                if answer.status == 409 and time.monotonic() - began > TURN_LIMIT / 2:
                    self.stop(conversation)
                continue
            except (NotReached, GivenUp, Cut):
                time.sleep(0.3)
            # What became of it is not known: a person reloads the page.
            now = self.look(conversation)
            if now is None:
                return False
            said = [message for message in now["messages"] if message["role"] == "user"]
            if now["running"]:
                return True
            if len(now["messages"]) > len(before["messages"]) and said[-1]["content"] == text:
                return False
        self.facts.complain(f"nobody took {text!r} within {TURN_LIMIT} s", person=self.name,
                            conversation=conversation)
        raise Stuck(path)

    def stop(self, conversation):
        try:
            self.browser.once("POST", f"/api/conversations/{conversation}/stop", {})
        except (NotReached, Cut, GivenUp):
            pass

    def turn(self, conversation, text, way="yes"):
        """Says something and waits for the end of the answer."""
        done = {"purchases": [], "asked": False, "text": "", "began": time.time()}
        stream = self.browser.events(conversation)
        try:
            if self.say(conversation, text):
                stream = self.follow(conversation, stream, done, way)
            else:
                shown = self.look(conversation)
                for purchase in shown["purchases"][:1] if shown else []:
                    done["purchases"].append(purchase["state"])
        finally:
            if stream is not None:
                stream.close()
        with self.facts.lock:
            self.facts.turns.append({"person": self.name, "conversation": conversation,
                                     "text": done["text"], "began": done["began"],
                                     "time": time.time()})
        return done

    def follow(self, conversation, stream, done, way):
        """Reads events until the end of the turn; looks at the page when they are lost."""
        began = quiet = time.monotonic()
        while True:
            event = None
            try:
                event = stream.next(1.0) if stream is not None else time.sleep(0.5)
            except (Cut, GivenUp):
                stream.close()
                stream = None
            if event is not None:
                quiet = time.monotonic()
                if self.take(conversation, event, done, way):
                    return stream
            elif stream is None or time.monotonic() - quiet > 3:
                quiet = time.monotonic()
                shown = self.look(conversation)
                if shown is None or not shown["running"]:
                    if shown and shown["purchases"]:
                        done["purchases"].append(shown["purchases"][0]["state"])
                    return stream
                self.meet_question(conversation, done, way)
                if stream is None:
                    stream = self.browser.events(conversation)
            if time.monotonic() - began > TURN_LIMIT:
                self.facts.complain(f"the answer to a message did not end within {TURN_LIMIT} s",
                                    person=self.name, conversation=conversation)
                self.stop(conversation)
                raise Stuck(conversation)

    def take(self, conversation, event, done, way):
        """Whether this event ends the turn."""
        kind = event["type"]
        told = event.get("value") if kind == "CUSTOM" else event
        words = str(told.get("message", told.get("text", ""))) if isinstance(told, dict) else ""
        alarm = INTERNAL.search(words) or OTHER_CARTPILOT.search(words)
        if kind in ("CUSTOM", "RUN_ERROR") and alarm:
            self.facts.complain(f"the page says {words[:200]!r}", person=self.name,
                                conversation=conversation)
        if kind == "TEXT_MESSAGE_CONTENT":
            done["text"] += event["delta"]
        elif kind == "RUN_ERROR":
            self.facts.count(f"turn failed: {event.get('code')}")
            if event.get("code") in ("internal", "other_cartpilot"):  # there is only one
                self.facts.complain(f"a turn failed: {event.get('message')}", person=self.name,
                                    conversation=conversation)
            return True
        elif kind == "RUN_FINISHED":
            return True
        elif kind == "CUSTOM" and event["name"] == "cartpilot.purchase":
            self.state(conversation, event["value"], "event")
            if "24 hours may cost" in event["value"]["message"]:
                self.facts.count("refused over the limit of a day")
            done["purchases"].append(event["value"]["state"])
        elif kind == "CUSTOM" and event["name"] == "cartpilot.question" and event["value"]["open"]:
            self.meet_question(conversation, done, way, event["value"]["id"])
        return False

    # The question.

    def meet_question(self, conversation, done, way, expected=None):
        """Looks at the open question, if it is this conversation's, and does as it likes."""
        for _ in range(30 if expected else 1):
            try:
                question = self.browser.until("GET", "/api/question").body["question"]
            except Stuck:
                return
            if question and question["conversation"] == conversation:
                break
            if question and question["conversation"] not in self.active:
                self.leftover(question)
            time.sleep(0.3 if expected else 0)
        else:
            return
        done["asked"] = True
        self.facts.count("questions met")
        if way in ("nothing", "stop"):
            time.sleep(self.random.uniform(0.5, 4) if way == "nothing" else 0)
            self.stop(conversation)
        elif way == "no":
            self.answer(question, yes=False)
        elif way == "wrong code":
            self.answer(question, code="zzzz")
            if self.random.random() < 0.5:
                self.answer_next(conversation)
        else:
            outcome = self.answer(question, twice=way == "twice")
            if outcome in ("again", "stale", "retry"):
                self.answer_next(conversation)
            if way == "stop after the yes":
                time.sleep(self.random.uniform(0, 0.3))
                self.stop(conversation)

    def answer_next(self, conversation):
        question = self.browser.until("GET", "/api/question").body["question"]
        if question and question["conversation"] == conversation:
            self.answer(question)

    def leftover(self, question):
        """A question of a conversation that was left: somebody who sees it answers it, too."""
        self.facts.count("questions left over")
        self.answer(question, yes=self.random.random() < 0.5)

    def answer(self, question, yes=True, code=None, twice=False):
        """As on the page: shown, then the answer. The outcome, "" when it is not known."""
        try:
            shown = self.browser.once("POST", "/api/question/shown", {"token": question["token"]})
        except (NotReached, Cut, GivenUp):
            return ""
        if shown.status != 200:
            return ""
        token = shown.body["token"]
        if not yes:
            return self.post(question["id"], "decline", {"token": token})
        asked = re.fullmatch(r"Type the total \((.*)\) and the code \((.*)\) to buy",
                             shown.body["request"])
        typed = f"{asked.group(1)} {code or asked.group(2)}"
        if code is None:
            self.facts.agree(**self.what_it_shows(question, asked.group(1)))
        body = {"token": token, "typed": typed}
        if not twice:
            return self.post(question["id"], "answer", body)
        outcomes = []
        first = self.browser.instance()
        both = [threading.Thread(target=lambda at=at: outcomes.append(
            self.post(question["id"], "answer", body, at)))
            for at in (first, self.browser.instance(but=first))]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        return next((outcome for outcome in outcomes if outcome), "")

    def post(self, question, step, body, instance=None):
        try:
            answer = self.browser.once("POST", f"/api/question/{step}", body, instance)
        except (NotReached, Cut, GivenUp):
            return ""
        if answer.status != 200:
            return ""
        outcome = answer.body["outcome"]
        self.facts.count(f"answers {outcome}")
        if outcome in ("approved", "declined"):
            with self.lock:
                first = self.outcomes.setdefault(question, outcome)
            if first != outcome:
                self.facts.complain(f"question {question} was {first} and {outcome}",
                                    person=self.name)
        return outcome

    def what_it_shows(self, question, typed_total):
        """What a yes to this question agrees to: read from its rows alone."""
        rows = question["rows"]
        first = {}
        lines, quantity, product = [], None, None
        for row in rows:
            label, value = row["label"], row["value"]
            first.setdefault(label, value)
            if label == "Item":
                quantity = int(value.split(" x ")[0]) if " x " in value else None
            elif label == "product":
                product = value.split(" ")[0]
            elif label == "each":
                lines.append((product, "", quantity, money(value)[0]))
        if first["CartPilot"] != CARTPILOT:
            self.facts.complain(f"question {question['id']} names another CartPilot, "
                                f"{first['CartPilot']!r}", person=self.name,
                                conversation=question["conversation"])
        total, currency = money(first["TOTAL"])
        if money(f"{typed_total} {currency}")[0] != total:
            self.facts.complain(f"question {question['id']} shows {first['TOTAL']} and asks for "
                                f"{typed_total}", person=self.name)
        return {"person": self.name, "conversation": question["conversation"],
                "question": question["id"], "checkout": first["Checkout"],
                "merchant": first["Merchant"], "total": total, "currency": currency,
                "lines": tuple(sorted(lines)), "rows": rows}

    # The end.

    def look_again(self, open_states=("unknown", "confirm_sent")):
        """Looks at every conversation once more; says hello where an outcome is not known."""
        for tries in range(3):
            doubtful = []
            for conversation in list(self.conversations):
                try:
                    shown = self.look(conversation, "page at the end")
                except Stuck:
                    continue
                if shown and any(purchase["state"] in open_states
                                 for purchase in shown["purchases"]):
                    doubtful.append(conversation)
            if not doubtful or tries == 2:
                return
            self.facts.count("outcomes looked into at the end", len(doubtful))
            if tries:
                time.sleep(RECONCILE_PAUSE)
            try:
                for conversation in doubtful:
                    self.turn(conversation, "hello")
                if tries:
                    self.turn(self.begin(), "hello")
            except Stuck:
                pass
