"""Programs of others at `cartpilot serve`: the AI SDK over /v1, AG-UI's client over /agui."""
import json
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../e2e/serve"))
from pages import Browser  # noqa: E402
from serve_test import WISH, Case  # noqa: E402
from client import LIMIT  # noqa: E402

JS = os.environ["CARTPILOT_JS"]
NODE = JS + "/node_modules/node/bin/node"


class ClientCase(Case):
    def start(self, script, **given):
        # Modules are looked for beside the script.
        copy = os.path.join(JS, script)
        with open(os.path.join(HERE, script)) as source, open(copy, "w") as file:
            file.write(source.read())
        program = subprocess.Popen([NODE, copy], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: program.poll() is None and program.kill())
        program.stdin.write(json.dumps(given))
        program.stdin.close()
        program.stdin = None
        return program

    def finish(self, program):
        out, err = program.communicate(timeout=LIMIT)
        self.assertEqual(program.returncode, 0, err)
        return json.loads(out.splitlines()[-1])


class Clients(ClientCase):
    def test_the_ai_sdk_buys_with_the_yes_given_on_the_page(self):
        serve = self.serve("--demo", "--openai-api")
        browser = Browser(serve).pair()
        token = browser.ask("POST", "/api/tokens", {"name": "AI SDK"}, 201)["token"]
        program = self.start("ai_sdk.mjs", url=serve.url, token=token,
                             said=[WISH, "buy the cheapest", "yes"])
        self.assertEqual(browser.say_yes()["outcome"], "approved")
        answers = self.finish(program)
        self.assertIn("79.99 USD", answers[0])
        self.assertIn(serve.url, answers[2])
        self.assertIn("BOUGHT 86.38 USD", answers[2])
        self.assertEqual([(entry["state"], entry["channel"]) for entry in self.home.purchases()],
                         [("done", "page")])

    def test_ag_uis_own_client_takes_a_run_for_a_good_one(self):
        serve = self.serve()
        browser = Browser(serve).pair()
        headers = {**browser.headers, "Origin": serve.url[:-1]}
        found = self.finish(self.start("ag_ui.mjs", url=serve.url, headers=headers, said=WISH))
        self.assertEqual((found["events"][0], found["events"][-1]), ("RUN_STARTED", "RUN_FINISHED"))
        self.assertIn("TOOL_CALL_RESULT", found["events"])
        roles = [message["role"] for message in found["messages"]]
        self.assertEqual(roles[0], "user")
        self.assertIn("tool", roles)


if __name__ == "__main__":
    unittest.main()
