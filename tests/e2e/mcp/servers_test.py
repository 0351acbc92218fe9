"""Tools of other MCP servers in cartpilot: agreed to on a terminal, called, changed, lost."""
import http.server
import json
import os
import sys
import threading
import unittest

import other_server
from client import Home, Person

SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "other_server.py")
LOOK = other_server.declarations()[0]
CODE = r"Type the code \((\w{4})\)[\s\S]*?s\]: "


class Servers(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.remove)
        self.tools = self.home.path + "/tools.json"
        self.trace = self.home.path + "/trace"
        self.offer([LOOK])

    def offer(self, tools):
        with open(self.tools, "w") as file:
            json.dump(tools, file)

    def settings(self, lines=(), era="modern", **variables):
        variables = {"ERA": era, "TOOLS": self.tools, "TRACE": self.trace, **variables}
        text = ["[mcp_servers.other]", f"command = {json.dumps([sys.executable, SERVER])}", *lines,
                "[mcp_servers.other.env]",
                *(f"{name} = {json.dumps(value)}" for name, value in variables.items())]
        self.write_settings(text)

    def write_settings(self, lines):
        folder = self.home.path + "/config/cartpilot"
        os.makedirs(folder, exist_ok=True)
        path = folder + "/config.toml"
        with open(path, "w") as file:
            file.write("\n".join(lines) + "\n")
        os.chmod(path, 0o600)

    def run_tools(self, *words):
        return self.home.run("tools", *words, "--no-plugins")

    def listed(self):
        listing = self.run_tools("list", "--json")
        self.assertEqual(listing.returncode, 0, listing.stderr)
        found = {tool["name"]: tool["effect"] for tool in json.loads(listing.stdout)}
        return {name: effect for name, effect in list(found.items())[11:]}, listing.stderr

    def agree(self, questions=2):
        """Says yes to what `tools list` asks on a terminal; what stood there."""
        person = Person(self.home, "list", "--no-plugins", command="tools")
        shown = ""
        for _ in range(questions):
            code = person.wait_for(CODE).group(1)
            shown += person.screen
            person.screen = ""
            person.type(code + "\n")
        self.assertEqual(person.finish(), 0)
        return shown + person.screen

    def traced(self):
        try:
            with open(self.trace) as file:
                return file.read().split("\n")[:-1]
        except FileNotFoundError:
            return []

    def call(self, tool, arguments, *flags):
        result = self.run_tools("call", tool, json.dumps(arguments), "--sandbox", *flags)
        return json.loads(result.stdout), result

    def test_nothing_is_started_or_offered_that_nobody_agreed_to(self):
        self.settings()
        found, errors = self.listed()
        self.assertEqual(found, {})
        self.assertIn("MCP server other: left out: nobody has agreed to it", errors)
        self.assertEqual(self.traced(), [])

    def test_the_first_use_asks_about_the_program_and_then_about_its_tools(self):
        self.settings()
        screen = self.agree()
        for text in ("MCP SERVER", sys.executable, SERVER, "Variable    TOOLS", "MCP TOOLS",
                     "Tool        other_look", "Looks at a text."):
            self.assertIn(text, screen)
        self.assertEqual(self.listed()[0], {"other_look": "write"})
        self.assertEqual(self.traced(), ["start", "start"])

    def test_a_no_starts_nothing(self):
        self.settings()
        person = Person(self.home, "list", "--no-plugins", command="tools")
        person.wait_for(CODE)
        person.type("\n")
        self.assertEqual(person.finish(), 0)
        self.assertIn("you did not agree to it", person.screen)
        self.assertEqual(self.traced(), [])
        self.assertEqual(self.listed()[0], {})

    def test_a_tool_that_changed_is_left_out_until_agreed_to_anew(self):
        self.settings()
        self.agree()
        more = {**LOOK, "name": "more"}
        self.offer([{**LOOK, "description": "Sends it to somebody."}, more])
        found, errors = self.listed()
        self.assertEqual(found, {})
        self.assertIn("the tool other_look is left out", errors)
        screen = self.agree(questions=1)
        self.assertIn("CHANGED     other_look", screen)
        self.assertIn("Tool        other_more", screen)
        self.assertIn("WARNING", screen)
        self.assertEqual(self.listed()[0], {"other_look": "write", "other_more": "write"})

    def test_another_command_is_another_server(self):
        self.settings()
        self.agree()
        self.write_settings(["[mcp_servers.other]",
                             f"command = {json.dumps([sys.executable, '-B', SERVER])}"])
        found, errors = self.listed()
        self.assertEqual(found, {})
        self.assertIn("nobody has agreed to it", errors)
        self.assertIn("this is another one than you agreed to before", self.agree())

    def test_a_tool_is_called_in_either_era(self):
        for era in ("modern", "legacy"):
            self.settings(era=era)
            self.agree(questions=2 if era == "modern" else 0)
            content, result = self.call("other_look", {"text": "hello"})
            self.assertEqual(content, {"text": "seen: hello"}, result.stderr)

    def test_arguments_are_checked_before_the_server_sees_them(self):
        self.settings()
        self.agree()
        content, _ = self.call("other_look", {"text": 5})
        self.assertEqual(content["error_code"], "INVALID_ARGUMENTS")
        self.assertNotIn("call look", self.traced())

    def test_a_call_whose_answer_is_lost_is_not_made_again(self):
        self.settings(DIES="yes")
        self.agree()
        content, _ = self.call("other_look", {"text": "hello"})
        self.assertEqual(content["error_code"], "OUTCOME_UNKNOWN")
        self.assertEqual(self.traced().count("call look"), 1)

    def test_a_money_tool_asks_at_every_call(self):
        self.settings(['money_tools = ["look"]'])
        self.agree()
        self.assertEqual(self.listed()[0], {"other_look": "money"})
        content, _ = self.call("other_look", {"text": "hello"})
        self.assertEqual(content["error_code"], "APPROVAL_REQUIRED")
        self.assertNotIn("call look", self.traced())
        person = Person(self.home, "call", "other_look", '{"text":"hello"}', "--sandbox",
                        "--no-plugins", command="tools")
        code = person.wait_for(CODE).group(1)
        self.assertIn("mcp:other", person.screen)
        person.type(code + "\n")
        self.assertEqual(person.finish(), 0)
        self.assertIn("seen: hello", person.screen)

    def test_a_server_sees_no_key_and_what_it_is_given_is_a_secret(self):
        self.offer([{"name": "environment", "inputSchema": {"type": "object"}}])
        self.settings(OTHER_TOKEN="a-token-nobody-knows")
        self.agree()
        os.environ["LANG"] = os.environ.get("LANG", "C")
        content, result = self.call("other_environment", {})
        seen = json.loads(content["text"])
        self.assertEqual(seen["OTHER_TOKEN"], "[redacted]")
        self.assertNotIn("a-token-nobody-knows", result.stdout + result.stderr)
        usual = {"HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "ERA", "TOOLS", "TRACE",
                 "OTHER_TOKEN", "LC_CTYPE"}
        self.assertLessEqual(set(seen), usual)

    def test_settings_that_others_can_write_name_no_servers(self):
        self.settings()
        os.chmod(self.home.path + "/config/cartpilot/config.toml", 0o666)
        refused = self.run_tools("list")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("[mcp_servers] is obeyed only where nobody else can write", refused.stderr)

    def test_what_a_server_needs_is_said(self):
        for lines, why in (
                (['url = "http://127.0.0.1:1/"', 'command = ["sh"]'], "either a command or a url"),
                (['money_tools = ["pay"]'], "either a command or a url"),
                (['command = ["no-such-program-anywhere"]'], "give its whole path"),
                (['command = ["./server"]'], "give its whole path")):
            self.write_settings(["[mcp_servers.other]", *lines])
            refused = self.run_tools("list")
            self.assertEqual(refused.returncode, 2, lines)
            self.assertIn(why, refused.stderr)

    def test_a_server_that_is_not_there_breaks_only_itself(self):
        self.write_settings(["[mcp_servers.other]", 'url = "http://127.0.0.1:9/mcp"'])
        self.agree(questions=1)
        found, errors = self.listed()
        self.assertEqual(found, {})
        self.assertIn("MCP server other: left out", errors)

    def test_over_http_in_either_era(self):
        for era in ("modern", "legacy"):
            other_server.ERA = era
            other_server.Handler.seen = []
            door = http.server.ThreadingHTTPServer(("127.0.0.1", 0), other_server.Handler)
            threading.Thread(target=door.serve_forever, daemon=True).start()
            self.addCleanup(door.server_close)
            self.addCleanup(door.shutdown)
            self.write_settings([f"[mcp_servers.{era}]",
                                 f'url = "http://127.0.0.1:{door.server_address[1]}/mcp"',
                                 f"[mcp_servers.{era}.headers]",
                                 'Authorization = "Bearer a-token-nobody-knows"'])
            self.agree()
            content, result = self.call(era + "_look", {"text": "hello"})
            self.assertEqual(content, {"text": "seen: hello"}, result.stderr)
            last = other_server.Handler.seen[-1]
            self.assertEqual(last["Authorization"], "Bearer a-token-nobody-knows")
            self.assertEqual(last.get("Mcp-Session-Id"), None if era == "modern" else "session-1")
            self.assertEqual(last.get("Mcp-Method"), "tools/call" if era == "modern" else None)


if __name__ == "__main__":
    unittest.main()
