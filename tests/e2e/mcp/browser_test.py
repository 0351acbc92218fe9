"""The approval page in a real Chromium: the person has a browser, and no terminal but for pairing."""
import json
import os
import subprocess
import unittest

from client import LIMIT, Page, Person
from mcp_test import Case

NODE = os.environ["CARTPILOT_JS"] + "/node_modules/node/bin/node"
CHROMIUM = os.environ["CARTPILOT_CHROMIUM"]
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../js/approval_page.mjs")


class Browser(Case):
    def setUp(self):
        super().setUp()
        self.sandbox = self.shop()
        self.server = self.client_of(self.sandbox, "--approval-page")
        self.page = Page(self.server.errors_text)

    def code(self):
        terminal = Person(self.home, command="pair")
        self.addCleanup(terminal.stop)
        return terminal.wait_for(r"Pairing code: ([a-z]{4}-[a-z]{4})").group(1)

    def start(self, scenario, pairs=True):
        code = self.code() if pairs else ""
        browser = subprocess.Popen(
            [NODE, SCRIPT, json.dumps({"scenario": scenario, "url": self.page.url, "code": code,
                                       "browser": CHROMIUM,
                                       "pictures": os.environ.get("CARTPILOT_PICTURES", "")})],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(browser.stderr.close)
        self.addCleanup(browser.stdout.close)
        self.addCleanup(lambda: browser.poll() is None and browser.kill())
        return browser

    def finish(self, browser):
        out, err = browser.communicate(timeout=2 * LIMIT)
        self.assertEqual(browser.returncode, 0, err)
        return json.loads(out.splitlines()[-1])

    def ask(self, client=None, **more):
        """A question that waits for its answer: the checkout and the request."""
        client = client or self.server
        checkout, _ = client.prepare(**more)
        request = client.start_call("approve_checkout", checkout_id=checkout)
        self.wait_for_question()
        return checkout, request

    def test_a_person_pairs_reads_and_approves_with_the_keyboard_alone(self):
        checkout, request = self.ask()
        self.finish(self.start("approve"))
        self.assertNotIn("isError", self.server.wait(request)["result"])
        self.assertNotIn("isError", self.server.call("confirm_checkout", checkout_id=checkout))
        self.assertEqual(self.home.purchases()[0]["channel"], "page")
        self.assertEqual(self.sandbox.confirms, 1)

    def test_no_is_focused_first_and_final(self):
        _, request = self.ask()
        self.finish(self.start("decline"))
        self.assertEqual(self.server.code_of(self.server.wait(request)["result"]),
                         "APPROVAL_DECLINED")
        self.assertEqual(self.sandbox.confirms, 0)

    def test_the_answer_waits_for_the_end_of_the_receipt(self):
        self.ask()
        self.finish(self.start("scroll"))

    def test_the_same_basket_again_needs_two_answers(self):
        checkout, request = self.ask()
        self.assertEqual(Person(self.home).say_yes(), 0)
        self.server.wait(request)
        self.server.call("confirm_checkout", checkout_id=checkout)
        checkout, request = self.ask()
        self.finish(self.start("twice"))
        self.assertNotIn("isError", self.server.wait(request)["result"])

    def test_two_tabs_answer_once(self):
        _, request = self.ask()
        self.finish(self.start("two_tabs"))
        self.assertEqual(self.server.code_of(self.server.wait(request)["result"]),
                         "APPROVAL_DECLINED")

    def test_the_page_closes_a_question_whose_program_has_gone(self):
        other = self.client_of(self.sandbox)
        self.ask(other)
        browser = self.start("closed")
        self.assertEqual(browser.stderr.readline(), "shown\n")
        other.process.kill()
        other.process.wait(LIMIT)
        self.finish(browser)
        self.assertEqual(self.home.purchases(), [])

    def test_a_page_of_another_site_reads_and_answers_nothing(self):
        self.ask()
        self.finish(self.start("foreign_page"))
        self.assertEqual(len(self.home.open_questions()), 1)

    def test_a_name_rebound_to_this_machine_gets_nothing(self):
        self.finish(self.start("rebinding", pairs=False))

    def test_axe_finds_nothing_at_320_pixels_light_and_dark(self):
        self.ask()
        seen = self.finish(self.start("accessible"))
        self.assertEqual(len(seen), 5, seen)

    def test_markup_in_what_a_person_agrees_to_stays_text(self):
        self.sandbox.rewritten = (
            b"Acme Wireless", b"<img src=x onerror=alert(1)>\\r\\nTOTAL 0.01 USD</dd>\\u202e")
        self.ask()
        text = self.finish(self.start("markup"))
        self.assertIn("<img src=x onerror=alert(1)>\\u{d}\\u{a}TOTAL 0.01 USD</dd>\\u{202e}", text)


if __name__ == "__main__":
    unittest.main()
