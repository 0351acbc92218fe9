"""What the people of scripts/torture-serve hold against an instance that misbehaves."""
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types
import unittest

import browser
from browser import Browser, Stuck
from facts import Facts
from instances import Instance
from wire import Cut, GivenUp

FINE = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n"
        b"{\"ok\":true}")


def answer(status, body, kind="application/json"):
    return (f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            f"{body}").encode()


class BrowserCase(unittest.TestCase):
    def setUp(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        self.facts = Facts()
        self.instance = types.SimpleNamespace(
            name="instance 0", place=f"127.0.0.1:{self.listener.getsockname()[1]}", state="up",
            since=0.0, logs=["log"], undisturbed=True,
            undisturbed_since=lambda moment: self.instance.undisturbed,
            process=types.SimpleNamespace(poll=lambda: None))
        everybody = types.SimpleNamespace(pick=lambda but=None: self.instance,
                                          healthy=lambda: [self.instance])
        self.browser = Browser("ada", everybody, self.facts)
        self.answers = []

    def serve(self, *answers):
        """Each connection gets the next answer; None is none at all."""
        def run():
            for text in answers:
                connection, _ = self.listener.accept()
                connection.recv(65536)
                if text is None:
                    time.sleep(3)
                else:
                    connection.sendall(text)
                connection.close()
        threading.Thread(target=run, daemon=True).start()

    def complaints(self):
        return [finding.text for finding in self.facts.misbehaved]

    def test_a_good_answer_is_none(self):
        self.serve(FINE)
        self.assertEqual(self.browser.once("GET", "/api/me").body, {"ok": True})
        self.assertEqual(self.complaints(), [])

    def test_chunks_are_put_together(self):
        self.serve(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: "
                   b"application/json\r\n\r\n4\r\n{\"ok\r\n7\r\n\":true}\r\n0\r\n\r\n")
        self.assertEqual(self.browser.once("GET", "/api/me").body, {"ok": True})

    def test_server_errors_count_but_for_a_refusal_with_a_sentence(self):
        self.serve(answer(500, "{}"))
        self.browser.once("GET", "/api/me")
        self.assertIn("HTTP 500", self.complaints()[0])
        self.serve(answer(503, ""))
        self.browser.once("GET", "/api/me")
        self.assertIn("HTTP 503", self.complaints()[1])
        self.serve(answer(503, '{"message":"the program is ending; try again soon"}'))
        self.browser.once("GET", "/api/me")
        self.assertEqual(len(self.complaints()), 2)

    def test_a_cut_answer_counts_when_nobody_disturbed_the_instance(self):
        self.serve(FINE[:-3])
        self.assertRaises(Cut, self.browser.once, "GET", "/api/me")
        self.assertIn("cut by an instance that nobody disturbed", self.complaints()[0])
        self.instance.undisturbed = False
        self.serve(FINE[:-3])
        self.assertRaises(Cut, self.browser.once, "GET", "/api/me")
        self.assertEqual(len(self.complaints()), 1)

    def test_no_answer_counts_when_nobody_disturbed_the_instance(self):
        self.addCleanup(setattr, browser, "HANG", browser.HANG)
        browser.HANG = 1
        self.serve(None)
        self.assertRaises(GivenUp, self.browser.once, "GET", "/api/me")
        self.assertIn("no answer to GET /api/me", self.complaints()[0])

    def test_a_person_leaves_an_instance_that_was_stopped(self):
        self.instance.state = "stopped"
        self.serve(None)
        began = time.monotonic()
        self.assertRaises(GivenUp, self.browser.once, "GET", "/api/me")
        self.assertLess(time.monotonic() - began, 3)
        self.assertEqual(self.complaints(), [])

    def test_who_never_gets_through_says_so(self):
        self.addCleanup(setattr, browser, "STUCK", browser.STUCK)
        browser.STUCK = 1
        busy = answer(503, '{"message":"the database is away; try again soon"}')
        self.serve(*[busy] * 20)
        self.assertRaises(Stuck, self.browser.until, "GET", "/api/me")
        self.assertIn("came to nothing", self.complaints()[0])
        self.assertIn("the database is away", self.complaints()[0])


class InstanceCase(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.facts = Facts()
        self.instance = Instance(0, None, [], self.facts)
        self.instance.logs = [os.path.join(self.folder.name, "log")]

    def written(self, text):
        with open(self.instance.logs[0], "w") as file:
            file.write(text)

    def test_an_end_that_nobody_asked_for_counts(self):
        self.written("terminate called\n")
        self.instance.process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
        self.instance.process.wait()
        self.instance.become("up")
        self.assertFalse(self.instance.look())
        self.assertIn("ended by itself with exit code 3", self.facts.misbehaved[0].text)

    def test_internal_errors_on_standard_error_count(self):
        self.written("Serving people that X-Forwarded-User names on 127.0.0.1:1 (Ctrl-C stops)\n"
                     "cartpilot: a turn failed: bad_alloc\ncartpilot: CartPilot is slow\n")
        self.assertEqual(self.instance.remarks(),
                         [("log: cartpilot: a turn failed: bad_alloc", True),
                          ("log: cartpilot: CartPilot is slow", False)])


if __name__ == "__main__":
    unittest.main()
