"""`cartpilot mcp` before programs of others: conformance runner, Inspector, clients of the official SDKs."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, os.pardir, "e2e", "mcp"))
from client import LIMIT, PROGRAM, Home, HttpServer, Person  # noqa: E402

TOOLS = os.environ["CARTPILOT_JS"]
FIXTURES = os.environ["CARTPILOT_FIXTURE_SERVER"]
DRIVER = os.environ["CARTPILOT_CLIENT_DRIVER"]
NODE = TOOLS + "/node_modules/node/bin/node"
PACKAGES = TOOLS + "/node_modules/@modelcontextprotocol/"
SHOP = ("--sandbox", "--no-plugins")
LONG = 180  # seconds for a program with many scenarios
# Checks that pass; fewer are a loss even when no scenario fails.
PROGRAM_2026 = 96
PROGRAM_2025 = 40
FIXTURES_2026 = 134
FIXTURES_2025 = 67


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.remove)

    def server(self, *flags):
        server = HttpServer(self.home, *SHOP, *flags)
        self.addCleanup(server.stop)
        return server

    def environment(self, **more):
        return self.home.environment(CARTPILOT_JS=TOOLS, NO_COLOR="1", **more)

    def run_node(self, *words, **more):
        return subprocess.run([NODE, *words], env=self.environment(**more), cwd=self.home.path,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=LONG)


class Conformance(Case):
    """The runner ends with an error on a failure that is not listed, and on a listed one that is none."""

    def check(self, url, revision, whose, at_least):
        ran = self.run_node(
            PACKAGES + "conformance/dist/index.js", "server", "--url", url,
            "--requirements", revision, "--output-dir", self.home.path + "/results",
            "--expected-failures", f"{HERE}/expected/{whose}-{revision}.yml")
        self.assertEqual(ran.returncode, 0, ran.stdout[-6000:] + ran.stderr[-2000:])
        passed = re.search(r"Total: (\d+) passed", ran.stdout)
        self.assertGreaterEqual(int(passed.group(1)), at_least, ran.stdout[-6000:])

    def check_scenario(self, url, scenario):
        """One that the requirements of its revision only recommend."""
        ran = self.run_node(
            PACKAGES + "conformance/dist/index.js", "server", "--url", url, "--scenario", scenario,
            "--spec-version", "2026-07-28", "--output-dir", self.home.path + "/results")
        self.assertEqual(ran.returncode, 0, ran.stdout[-6000:] + ran.stderr[-2000:])

    def fixture_server(self):
        process = subprocess.Popen([FIXTURES], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   text=True)

        def stop():
            process.stdin.close()
            self.assertEqual(process.wait(LIMIT), 0)
            process.stdout.close()
        self.addCleanup(stop)
        return process.stdout.readline().strip()

    def program(self):
        return f"http://127.0.0.1:{self.server('--no-token').port}/mcp"

    def test_program_2026_07_28(self):
        self.check(self.program(), "2026-07-28", "program", PROGRAM_2026)

    def test_program_2025_11_25(self):
        self.check(self.program(), "2025-11-25", "program", PROGRAM_2025)

    def test_fixtures_2026_07_28(self):
        self.check(self.fixture_server(), "2026-07-28", "fixtures", FIXTURES_2026)

    def test_fixtures_headers(self):
        url = self.fixture_server()
        self.check_scenario(url, "http-header-validation")
        self.check_scenario(url, "http-custom-header-server-validation")

    def test_fixtures_2025_11_25(self):
        self.check(self.fixture_server(), "2025-11-25", "fixtures", FIXTURES_2025)


class ConformanceOfTheClient(Case):
    """The runner plays the servers, and starts the driver of the program's client for each."""

    def check(self, revision):
        ran = self.run_node(
            PACKAGES + "conformance/dist/index.js", "client", "--command", DRIVER,
            "--requirements", revision, "--output-dir", self.home.path + "/results",
            "--expected-failures", f"{HERE}/expected/client-{revision}.yml")
        self.assertEqual(ran.returncode, 0, ran.stdout[-6000:] + ran.stderr[-2000:])

    def test_client_2026_07_28(self):
        self.check("2026-07-28")

    def test_client_2025_11_25(self):
        self.check("2025-11-25")


class Inspector(Case):
    """Its strict mode ends with 6 on a schema that a model vendor refuses."""

    def inspect(self, era, *words):
        ran = self.run_node(PACKAGES + "inspector/clients/launcher/build/index.js", "--cli",
                            *words, "--protocol-era", era, "--format", "json",
                            PROGRAM, "mcp", *SHOP)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        return json.loads(ran.stdout)["result"]

    def check(self, era):
        listed = self.inspect(era, "--method", "tools/list", "--strict")
        self.assertEqual(len(listed["tools"]), 12)
        answer = self.inspect(era, "--method", "tools/call", "--tool-name", "create_intent",
                              "--tool-args-json", '{"query":"lamp"}')
        self.assertFalse(answer.get("isError"), answer)
        self.assertIn("id", json.loads(answer["content"][0]["text"]))

    def test_legacy(self):
        self.check("legacy")

    def test_auto(self):
        self.check("auto")

    def test_modern(self):
        self.check("modern")


class Sdk(Case):
    """Clients of both SDKs. All of them accept every elicitation, so a purchase needs somebody else."""

    def start(self, era, *target, **more):
        self.errors = tempfile.TemporaryFile()
        self.addCleanup(self.errors.close)
        process = subprocess.Popen([NODE, HERE + "/shopper.mjs", era, *target],
                                   env=self.environment(**more), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=self.errors, text=True,
                                   start_new_session=True)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
            process.wait(LIMIT)
        process.stdout.close()

    def result_of(self, process):
        line = process.stdout.readline()
        self.errors.seek(0)
        self.assertTrue(line, self.errors.read().decode(errors="replace")[-4000:])
        self.assertEqual(process.wait(LIMIT), 0)
        return json.loads(line)

    def wait_for_question(self, process):
        end = time.monotonic() + LIMIT
        while not self.home.open_questions():
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def buys_with_a_yes(self, era, *target, **more):
        process = self.start(era, *target, **more)
        self.wait_for_question(process)
        self.assertEqual(Person(self.home).say_yes(), 0)
        result = self.result_of(process)
        self.assertEqual(len(result["tools"]), 12)
        self.assertEqual(result["approved"], {"isError": False, "code": None})
        self.assertEqual(result["confirmed"], {"isError": False, "code": None})
        self.assertEqual(result["orders"], 1)

    def buys_nothing_alone(self, era):
        result = self.result_of(self.start(era, PROGRAM, "mcp", *SHOP, SHOPPER_ALONE="1"))
        self.assertEqual(result["approved"], {"isError": True, "code": "APPROVAL_PENDING"})
        # Sent at once, the confirm may come before the question is open.
        self.assertTrue(result["confirmed"]["isError"])
        self.assertIn(result["confirmed"]["code"], ("APPROVAL_PENDING", "CONSENT_REQUIRED"))
        self.assertEqual(result["orders"], 0)
        self.assertEqual(self.home.purchases(), [])
        # A client can fill in a form unseen, so no tool of the program asks for one.
        self.assertEqual(result["elicitations"], 0)

    def test_legacy_client_buys_with_a_yes(self):
        self.buys_with_a_yes("legacy", PROGRAM, "mcp", *SHOP)

    def test_auto_client_buys_with_a_yes(self):
        self.buys_with_a_yes("auto", PROGRAM, "mcp", *SHOP)

    def test_modern_client_buys_with_a_yes(self):
        self.buys_with_a_yes("modern", PROGRAM, "mcp", *SHOP)

    def test_legacy_client_that_accepts_everything_buys_nothing(self):
        self.buys_nothing_alone("legacy")

    def test_modern_client_that_accepts_everything_buys_nothing(self):
        self.buys_nothing_alone("modern")

    def over_http(self, era):
        server = self.server()
        self.buys_with_a_yes(era, f"http://127.0.0.1:{server.port}/mcp",
                             CARTPILOT_TOKEN=server.token)

    def test_legacy_client_buys_over_http(self):
        self.over_http("legacy")

    def test_modern_client_buys_over_http(self):
        self.over_http("modern")


if __name__ == "__main__":
    unittest.main()
