"""A browser of one person, behind a balancer that sends each request to any instance."""
import time

from wire import Cut, Events, GivenUp, NotReached, ask
from instances import SECRET

HANG = 60  # seconds that an undisturbed instance may take for one answer
AWAY = 2  # seconds after which a person leaves an instance that was stopped or killed
STUCK = 75  # seconds with a healthy instance after which a person should have got through
PAUSE = 0.4


class Stuck(Exception):
    """The person could not get through although an instance was healthy; noted already."""


class Browser:
    """One thread a request; a person with two tabs uses one from two threads."""

    def __init__(self, person, instances, facts):
        self.person = person
        self.instances = instances
        self.facts = facts
        self.headers = {"X-Forwarded-User": person, "X-Cartpilot-Secret": SECRET}
        self.key = None

    def sent_headers(self, place, method):
        headers = dict(self.headers)
        if self.key:
            headers["X-Page-Key"] = self.key
        if method != "GET":
            headers["Origin"] = f"http://{place}"
        return headers

    def instance(self, but=None):
        """One that is not known to be down. Waits while all are."""
        while True:
            picked = self.instances.pick(but) or self.instances.pick()
            if picked is not None:
                return picked
            time.sleep(0.1)

    def watch_over(self, instance, what):
        """The patience of a wait for an answer of `instance`."""
        began = time.monotonic()

        def patience(elapsed):
            if instance.state != "up" and time.monotonic() - instance.since > AWAY:
                raise GivenUp(f"{instance.name} is {instance.state}")
            if elapsed > HANG:
                if instance.undisturbed_since(began):
                    self.facts.complain(f"no answer to {what} for {HANG} s", person=self.person,
                                        instance=instance.name, log=instance.logs[-1])
                raise GivenUp("no answer")
        return patience

    def once(self, method, path, body=None, instance=None):
        """One request at one instance: an Answer, or NotReached, Cut, GivenUp."""
        instance = instance or self.instance()
        began = time.monotonic()
        what = f"{method} {path}"
        place = instance.place
        try:
            answer = ask(place, method, path, self.sent_headers(place, method), body,
                         self.watch_over(instance, what))
        except (NotReached, Cut) as error:
            if instance.undisturbed_since(began) and instance.process.poll() is None:
                self.facts.complain(f"{what} was cut by an instance that nobody disturbed: "
                                    f"{error}", person=self.person, instance=instance.name,
                                    log=instance.logs[-1])
            raise
        answer.instance = instance
        self.judge(what, answer)
        return answer

    def judge(self, what, answer):
        status = answer.status
        refused = f" {answer.code()}" if status >= 400 else ""
        self.facts.count(f"HTTP {status}{refused}")
        sentence = isinstance(answer.body, dict) and len(answer.message().split()) > 1
        bad = status >= 500 and status != 503
        bad = bad or (status == 503 and not sentence)
        bad = bad or status in (400, 403, 405, 413, 415)
        if bad:
            self.facts.complain(f"HTTP {status} to {what}: {str(answer.body)[:300]}",
                                person=self.person, instance=answer.instance.name,
                                log=answer.instance.logs[-1])

    def get_key(self):
        answer = self.once("GET", "/api/me")
        if answer.status == 200:
            self.key = answer.body["key"]

    def until(self, method, path, body=None, accept=(200,)):
        """Repeats a request that may be repeated until its status is in `accept`."""
        waited, last = 0.0, "nothing came"
        while True:
            began = time.monotonic()
            healthy = bool(self.instances.healthy())
            try:
                if self.key is None and path != "/api/me":
                    self.get_key()
                answer = self.once(method, path, body)
                if answer.status in accept:
                    return answer
                if answer.status == 401:
                    self.key = None
                last = f"HTTP {answer.status} {answer.message()}"
            except (NotReached, Cut, GivenUp) as error:
                last = str(error)
            time.sleep(2 if last.startswith("HTTP 429") else PAUSE)
            if healthy:
                waited += time.monotonic() - began
            if waited > STUCK:
                self.facts.complain(f"{method} {path} came to nothing for {STUCK} s, though an "
                                    f"instance was healthy; at last: {last}", person=self.person)
                raise Stuck(path)

    def events(self, conversation):
        """The stream of a conversation, from now on; None when it cannot be had just now."""
        instance = self.instance()
        place = instance.place
        path = f"/api/conversations/{conversation}/events"

        def patience(_):
            if instance.state != "up" and time.monotonic() - instance.since > AWAY:
                raise GivenUp(f"{instance.name} is {instance.state}")
        try:
            stream = Events(place, path, self.sent_headers(place, "GET"), patience)
        except (NotReached, Cut, GivenUp):
            return None
        if stream.refused is not None:
            stream.refused.instance = instance
            self.judge(f"GET {path}", stream.refused)
            stream.close()
            return None
        return stream
