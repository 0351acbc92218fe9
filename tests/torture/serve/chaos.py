"""Kills, stops and starts instances, and cuts connections to the database, at random."""
import random
import threading
import time

LEASE = 30  # seconds; stops are longer than that now and then


class Chaos(threading.Thread):
    """On a thread of its own until `end`."""

    def __init__(self, instances, cluster, seed, pace=1.0):
        super().__init__(daemon=True)
        self.instances = instances
        self.cluster = cluster
        self.random = random.Random(f"{seed} chaos")
        self.pace = pace  # of the waits between two blows
        self.over = threading.Event()
        self.turn = threading.Lock()  # one blow at a time
        self.returns = []  # threads that bring an instance back
        self.done = {}

    def count(self, what):
        self.done[what] = self.done.get(what, 0) + 1

    def run(self):
        while not self.over.wait(self.random.uniform(0.5, 3) * self.pace):
            with self.turn:
                self.blow()

    def blow(self):
        self.instances.look()
        drawn = self.random.random()
        if self.cluster is not None and drawn < 0.45:
            self.cut_connections(everything=drawn < 0.05)
        elif drawn < 0.75:
            self.kill()
        else:
            self.stop()

    def strike(self):
        """Hits an instance while a confirm is on its way. Called on any thread."""
        with self.turn:
            if self.over.is_set():
                return
            if self.kill() if self.random.random() < 0.6 else self.stop():
                self.count("of them at a confirm")

    def later(self, wait, action):
        def act():
            self.over.wait(wait)
            action()
        thread = threading.Thread(target=act, daemon=True)
        thread.start()
        self.returns = [each for each in self.returns if each.is_alive()] + [thread]

    def may_hit(self, instance):
        """One stays healthy: with a single instance, the others being none, it is hit for short."""
        return instance.state == "up" and (len(self.instances.all) == 1 or
                                           len(self.instances.healthy()) > 1)

    def kill(self):
        instance = self.random.choice(self.instances.all)
        if not self.may_hit(instance):
            return False
        alone = len(self.instances.all) == 1
        wait = self.random.uniform(0, 1 if alone else 5)
        instance.kill()
        self.count("kills")
        self.later(wait, lambda: instance.state == "down" and instance.start())
        return True

    def stop(self):
        instance = self.random.choice(self.instances.all)
        if not self.may_hit(instance):
            return False
        drawn = self.random.random()
        if len(self.instances.all) == 1:
            length = self.random.uniform(0.2, 2)
        elif drawn < 0.3:
            length = self.random.uniform(LEASE, 1.5 * LEASE)
        else:
            length = self.random.uniform(0.2, 6)
        if not instance.pause():
            return False
        self.count("stops longer than a lease" if length > LEASE else "stops")
        process = instance.process
        self.later(length, lambda: instance.process is process and instance.go_on())
        return True

    def cut_connections(self, everything):
        self.count("all connections cut" if everything else "connections cut")
        self.cluster.cut(everything)

    def end(self):
        with self.turn:
            self.over.set()
        self.join()
        for thread in self.returns:
            thread.join()
        self.instances.heal()
