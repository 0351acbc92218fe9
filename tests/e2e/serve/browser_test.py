"""The page of `cartpilot serve` in a real Chromium."""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

from pages import Serve
from client import LIMIT, Home, Person, Sandbox

NODE = os.environ["CARTPILOT_JS"] + "/node_modules/node/bin/node"
CHROMIUM = os.environ["CARTPILOT_CHROMIUM"]
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../js/serve_page.mjs")
PERSON_HEADER = "X-Forwarded-User"
SENTENCES = 40

MANY_SENTENCES = 4000  # more events than the program keeps


def writer(sentences, pause_ms, pause_after):
    """A model that writes numbered sentences, with a pause after some of them."""
    play = []
    for number in range(1, sentences + 1):
        play.append({"text": f"Sentence {number}. "})
        if number % pause_after == 0:
            play.append({"delay_ms": pause_ms})
    return {"answer": [{"times": "always", "play": play}]}


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.remove)

    def serve(self, *flags, **more):
        serve = Serve(self.home, *flags, **more)
        self.addCleanup(lambda: serve.errors.closed or serve.stop(signal.SIGKILL))
        return serve

    def offline(self, *flags, **more):
        return self.serve("--sandbox", "--provider", "offline", *flags, **more)

    def slow(self, sentences=SENTENCES, pause_ms=100, pause_after=1):
        path = os.path.join(self.home.path, "slow.json")
        with open(path, "w") as file:
            json.dump(writer(sentences, pause_ms, pause_after), file)
        return self.serve("--sandbox", "--provider", "script", "--provider-option", f"file={path}")

    def code(self):
        terminal = Person(self.home, command="pair")
        self.addCleanup(terminal.stop)
        return terminal.wait_for(r"Pairing code: ([a-z]{4}-[a-z]{4})").group(1)

    def start(self, serve, scenario, pairs=True, **more):
        browser = subprocess.Popen(
            [NODE, SCRIPT, json.dumps({"scenario": scenario, "url": serve.url,
                                       "code": self.code() if pairs else "", "browser": CHROMIUM,
                                       "pictures": os.environ.get("CARTPILOT_PICTURES", ""),
                                       **more})],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(browser.stderr.close)
        self.addCleanup(browser.stdout.close)
        self.addCleanup(lambda: browser.poll() is None and browser.kill())
        return browser

    def wait_for_line(self, browser, line):
        self.assertEqual(browser.stderr.readline(), line + "\n", self.rest_of(browser))

    def rest_of(self, browser):
        return "" if browser.poll() is None else browser.stderr.read()

    def finish(self, browser):
        out, err = browser.communicate(timeout=4 * LIMIT)
        self.assertEqual(browser.returncode, 0, err)
        return json.loads(out.splitlines()[-1])

    def play(self, serve, scenario, **more):
        return self.finish(self.start(serve, scenario, **more))


class Purchases(Case):
    def test_a_whole_purchase_by_mouse(self):
        record = self.play(self.offline(), "buy_by_mouse")
        purchases = self.home.purchases()
        self.assertEqual([(one["state"], one["channel"]) for one in purchases], [("done", "page")])
        self.assertIn("Bought", record)

    def test_a_whole_purchase_by_keyboard_alone(self):
        self.play(self.offline(), "buy_by_keyboard")
        self.assertEqual([one["state"] for one in self.home.purchases()], ["done"])

    def test_a_whole_purchase_at_320_pixels(self):
        self.play(self.offline(), "buy_at_320_pixels")
        self.assertEqual([one["state"] for one in self.home.purchases()], ["done"])

    def test_the_answer_waits_for_the_end_of_the_receipt(self):
        self.play(self.offline(), "the_answer_waits_for_the_end_of_the_receipt")
        self.assertEqual(self.bought(), [])

    def test_a_declined_question_buys_nothing_and_stays_in_the_history(self):
        self.play(self.offline(), "decline")
        self.assertEqual(self.bought(), [])

    def test_a_wrong_answer_may_be_given_once_more(self):
        self.play(self.offline(), "wrong_answer_first")
        self.assertEqual(len(self.bought()), 1)

    def test_an_expired_question_closes_and_buys_nothing(self):
        browser = self.start(self.offline(), "expired")
        self.wait_for_line(browser, "shown")
        self.expire_questions()
        self.finish(browser)
        self.assertEqual(self.bought(), [])

    def test_markup_in_a_title_stays_text(self):
        sandbox = Sandbox(self.home)
        self.addCleanup(sandbox.stop)
        sandbox.rewritten = (b"Fabrikam Wireless",
                             b"<img src=x onerror=alert(1)>\\u202e<b> Wireless")
        serve = self.serve("--api-url", sandbox.url, "--provider", "offline")
        text = self.play(serve, "markup")
        self.assertIn("<img src=x onerror=alert(1)>", text["cards"])
        self.assertIn("<img src=x onerror=alert(1)>", text["receipt"])

    def bought(self):
        return [one for one in self.home.purchases() if one["state"] == "done"]

    def expire_questions(self):
        """The clock of the program cannot be moved; the end of the question can."""
        now = int(time.time() * 1000)
        with sqlite3.connect(self.home.path + "/state/cartpilot/state.db", timeout=LIMIT) as state:
            changed = state.execute(
                "UPDATE questions SET expires_ms = ?, "
                "question = json_set(question, '$.expires_unix_ms', ?)", (now, now))
            self.assertEqual(changed.rowcount, 1)
        state.close()


class Turns(Case):
    def test_a_reload_in_the_middle_of_an_answer_goes_on(self):
        self.assertEqual(self.play(self.slow(), "reload_in_the_middle"), SENTENCES)

    def test_a_hidden_tab_lets_its_connection_go_and_misses_nothing(self):
        self.assertEqual(self.play(self.slow(), "hidden_tab"), SENTENCES)

    def test_a_hidden_tab_finds_the_answer_whose_events_are_kept_no_more(self):
        many = self.slow(MANY_SENTENCES, 20, 20)
        self.assertEqual(self.play(many, "hidden_tab"), MANY_SENTENCES)

    def test_an_answer_is_stopped_with_escape_and_with_the_button(self):
        self.play(self.slow(), "stop")

    def test_a_lost_connection_is_said_and_keeps_what_was_typed(self):
        serve = self.offline()
        browser = self.start(serve, "lost_connection")
        self.wait_for_line(browser, "lost?")
        serve.stop()
        self.wait_for_line(browser, "back?")
        self.offline(listen=serve.place)
        self.finish(browser)

    def test_conversations_are_searched_renamed_exported_and_deleted(self):
        self.play(self.offline(), "list")


class People(Case):
    def test_two_tabs_show_the_same_turn_and_answer_once(self):
        self.play(self.offline(), "two_tabs")
        self.assertEqual([one for one in self.home.purchases() if one["state"] == "done"], [])

    def test_a_question_stays_in_view_in_another_conversation(self):
        self.play(self.offline(), "question_of_another_conversation")

    def test_two_people_see_nothing_of_each_other(self):
        folder = tempfile.mkdtemp(prefix="cartpilot-serve-")
        self.addCleanup(shutil.rmtree, folder, True)
        secret = os.path.join(folder, "secret")
        with open(os.open(secret, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write("a-secret-of-the-proxy-0123456789abcdef\n")
        serve = self.offline("--auth-header", PERSON_HEADER, "--auth-secret-file", secret)
        self.play(serve, "two_people", pairs=False, person_header=PERSON_HEADER,
                  headers={"X-Cartpilot-Secret": "a-secret-of-the-proxy-0123456789abcdef"})

    def test_pictures_are_the_choice_of_the_person(self):
        self.play(self.offline(), "pictures")

    def test_a_program_token_is_made_shown_once_and_revoked(self):
        self.play(self.offline(), "tokens")


class Accessibility(Case):
    def test_axe_finds_nothing_in_any_state_narrow_and_wide_light_and_dark(self):
        self.assertEqual(len(self.play(self.offline(), "accessible")), 48)

    def test_whole_sentences_and_the_question_are_read_out(self):
        self.play(self.offline(), "read_out")


if __name__ == "__main__":
    unittest.main()
