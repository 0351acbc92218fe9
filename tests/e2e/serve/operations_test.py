"""What docs/serve.md tells an operator: its commands run as they stand, and the unit of the package."""
import ctypes
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import unittest

from pages import Browser, Serve, custom, text_of
from client import LIMIT, PROGRAM, Home, Person
from nginx import free_port
from postgres import POSTGRES, Postgres, takes_database

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
PAGE = os.path.join(ROOT, "docs/serve.md")
UNIT = os.path.join(ROOT, "host/package/cartpilot-serve.service")
WISH = "wireless headphones under $150"
# Sections whose commands a test below runs.
RUN = ["The first minute", "Behind a proxy", "What is kept where", "Tokens for programs",
       "Chat applications", "MCP", "AG-UI", "Health, end, logs", "SQLite", "PostgreSQL"]


def blocks():
    """The ```sh blocks of the page, by the heading above them."""
    found = {}
    heading = None
    block = None
    with open(PAGE, encoding="utf-8") as file:
        for line in file:
            if block is not None:
                if line == "```\n":
                    found.setdefault(heading, []).append("".join(block))
                    block = None
                else:
                    block.append(line)
            elif line == "```sh\n":
                block = []
            elif line.startswith("#"):
                heading = line.lstrip("#").strip()
    return found


def words_of(line):
    """The words of a command line, without its comment."""
    return shlex.split(line, comments=True)


class OperationsCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.remove)
        self.folder = tempfile.mkdtemp(prefix="cartpilot-operations-")
        self.addCleanup(lambda: shutil.rmtree(self.folder, ignore_errors=True))
        self.state = self.home.path + "/state/cartpilot"
        self.blocks = blocks()

    def serve(self, *flags, **more):
        serve = Serve(self.home, *flags, **more)
        self.addCleanup(lambda: serve.errors.closed or serve.stop(signal.SIGKILL))
        return serve

    def shell(self, commands, replaced=(), **variables):
        """What commands print. They stop at the first that fails."""
        programs = self.folder + "/programs"
        os.makedirs(programs, exist_ok=True)
        if not os.path.exists(programs + "/cartpilot"):
            os.symlink(PROGRAM, programs + "/cartpilot")
        for old, new in (("/backup/", self.folder + "/"), *replaced):
            commands = commands.replace(old, new)
        environment = self.home.environment(**variables)
        environment["PATH"] = f"{programs}:{POSTGRES}:{environment['PATH']}"
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=LIMIT)
        self.assertEqual(done.returncode, 0, commands + done.stdout + done.stderr)
        return done.stdout

    def started_as(self, line, **more):
        """Runs `serve` with the flags of a line of the page."""
        words = words_of(line)
        self.assertEqual(words[:2], ["cartpilot", "serve"])
        flags = words[2:]
        if "--listen" in flags:
            at = flags.index("--listen")
            self.assertEqual(flags[at + 1], "unix:/run/cartpilot/http")
            del flags[at:at + 2]
            more["listen"] = f"unix:{self.folder}/http"
        return self.serve(*flags, **more)

    def buy(self, browser, which):
        """Buys one of the offers: the number of the merchant's order."""
        conversation = browser.begin()
        browser.turn(conversation, WISH)
        browser.turn(conversation, f"the {which} one")
        stream = browser.watch(conversation)
        self.addCleanup(stream.close)
        run = browser.say(conversation, "buy it")
        self.assertEqual(browser.say_yes()["outcome"], "approved")
        events = stream.until_end(run)
        self.assertEqual(custom(events, "cartpilot.purchase")[0]["state"], "done")

    def refused(self, browser):
        """What is said when something is to be bought, which must not be."""
        conversation = browser.begin()
        browser.turn(conversation, WISH)
        browser.turn(conversation, "the third one")
        events = browser.turn(conversation, "buy it")
        self.assertEqual([report["state"] for report in custom(events, "cartpilot.purchase")],
                         ["void"])
        return text_of(events)


class Page(OperationsCase):
    def test_every_section_with_commands_is_run(self):
        self.assertEqual(list(self.blocks), RUN)

    def test_the_first_minute(self):
        start, pair = self.blocks["The first minute"]
        self.assertEqual(words_of(pair), ["cartpilot", "pair"])
        browser = Browser(self.started_as(start)).pair()
        self.assertTrue(text_of(browser.turn(browser.begin(), WISH)))

    def test_a_proxy_by_hand_and_another_front_end(self):
        start, requests = self.blocks["Behind a proxy"]
        serve = self.started_as(start)
        place = (("/run/cartpilot/http", serve.socket),)
        self.assertEqual(json.loads(self.shell(requests, place)), {"conversations": []})
        key = requests.split("\n")[0]
        events = [json.loads(line[6:]) for line in
                  self.shell(key + "\n" + self.blocks["AG-UI"][0], place).split("\n")
                  if line.startswith("data: ")]
        kinds = [event["type"] for event in events if event["type"] != "CUSTOM"]
        self.assertEqual((kinds[0], kinds[-1]), ("RUN_STARTED", "RUN_FINISHED"))

    def test_the_record_of_one_person(self):
        serve = self.started_as(self.blocks["Behind a proxy"][0])
        self.buy(Browser(serve, "ada"), "first")
        printed = self.shell(self.blocks["What is kept where"][0])
        self.assertRegex(printed, r"(?s)done .*the record of purchases is intact\n$")
        self.assertEqual(self.home.purchases(), [])

    def test_tokens(self):
        own, others = self.blocks["Tokens for programs"]
        made, listed, revoked = own.rstrip("\n").split("\n")
        printed = self.shell(f"{made}\necho $token\n{listed}\n")
        token, row = printed.rstrip("\n").split("\n")
        self.assertRegex(token, r"^cp_[0-9a-f]{64}$")
        self.assertIn("chat on my laptop", row)
        self.shell(revoked, (("3f9a01bc", row.split()[0]),))
        self.assertEqual(json.loads(self.home.run("token", "list", "--json").stdout), [])
        token, row = self.shell(others).rstrip("\n").split("\n")
        self.assertRegex(row, r" ada .*Open WebUI")

    def with_token(self, flag):
        serve = self.serve("--demo", flag)
        token = self.home.run("token", "new", "by hand").stdout.strip()
        return serve, (("127.0.0.1:8088", serve.place),), token

    def test_a_chat_application_by_hand(self):
        serve, place, token = self.with_token("--openai-api")
        printed = self.shell(self.blocks["Chat applications"][0], place, token=token)
        models, stream = printed.split("\n", 1) if "}\n" in printed else printed.split("}data", 1)
        self.assertIn('"id":"cartpilot"', models)
        self.assertIn('"reasoning_content"', stream)
        self.assertTrue(stream.endswith("data: [DONE]\n\n"), stream[-200:])
        conversations = Browser(serve).pair().ask("GET", "/api/conversations")["conversations"]
        self.assertEqual([entry["id"] for entry in conversations], ["headphones"])

    def test_an_agent_application_by_hand(self):
        _, place, token = self.with_token("--mcp")
        answer = self.shell(self.blocks["MCP"][0], place, token=token)
        self.assertEqual(json.loads(answer)["result"]["protocolVersion"], "2025-11-25")

    def test_health(self):
        serve = self.serve("--demo")
        printed = self.shell(self.blocks["Health, end, logs"][0],
                             (("127.0.0.1:8088", serve.place),))
        self.assertEqual(printed, '{"ok":true}{"ready":true}')


class Backup(OperationsCase):
    def test_a_copy_of_the_stopped_program_is_restored(self):
        copy, _, restore = self.blocks["SQLite"]
        serve = self.serve("--demo")
        browser = Browser(serve).pair()
        self.buy(browser, "first")
        self.assertEqual(serve.stop(), 0)
        self.shell(copy)
        record = self.home.purchases()
        self.assertEqual([entry["state"] for entry in record], ["done"])
        self.assertEqual(self.shell(restore), "the record of purchases is intact\n")
        self.assertEqual(self.home.purchases(), record)
        # The browser is still paired, and buying goes on.
        place = serve.place
        browser.serve = self.serve("--demo", listen=place)
        self.buy(browser, "second")

    def test_a_copy_of_the_running_program_is_restored(self):
        _, copy, restore = self.blocks["SQLite"]
        serve = self.serve("--demo")
        browser = Browser(serve).pair()
        self.buy(browser, "first")
        self.shell(copy)
        self.assertEqual(serve.stop(), 0)
        self.assertEqual(self.shell(restore), "the record of purchases is intact\n")
        self.assertEqual([entry["state"] for entry in self.home.purchases()], ["done"])
        browser.serve = self.serve("--demo", listen=serve.place)
        self.buy(browser, "second")

    def test_a_copy_made_while_people_buy_is_never_taken_for_an_old_one(self):
        _, copy, restore = self.blocks["SQLite"]
        serve = self.serve("--demo")
        browser = Browser(serve).pair()
        self.buy(browser, "first")
        # A purchase between the two steps of the copy.
        self.shell(copy.split("(cd \"$state\" && find . -name '*.db')")[0])
        self.buy(browser, "second")
        self.shell(copy.replace("*.head", "*.none"))
        self.assertEqual(serve.stop(), 0)
        shutil.rmtree(self.state)
        os.mkdir(self.state)  # nothing survived, no note either
        self.assertEqual(self.shell(restore), "the record of purchases is intact\n")
        self.assertEqual(len(self.home.purchases()), 2)
        browser.serve = self.serve("--demo", listen=serve.place)
        self.buy(browser, "third")

    def test_an_older_copy_buys_nothing_until_a_new_record_is_started(self):
        copy, _, restore = self.blocks["SQLite"]
        serve = self.serve("--demo")
        browser = Browser(serve).pair()
        place = serve.place
        self.buy(browser, "first")
        self.assertEqual(serve.stop(), 0)
        self.shell(copy)
        browser.serve = serve = self.serve("--demo", listen=place)
        self.buy(browser, "second")
        self.assertEqual(serve.stop(), 0)
        self.shell(restore.replace("cartpilot purchases verify", ""))
        with open(PAGE, encoding="utf-8") as file:
            sentence = re.search(r"\n    (the record of purchases is not .*?)\n\n", file.read(),
                                 re.DOTALL).group(1)
        sentence = re.sub(r"event \d+", "event 10", re.sub(r"\s+", " ", sentence))
        verified = self.home.run("purchases", "verify")
        self.assertEqual(verified.returncode, 1)
        self.assertIn(sentence, verified.stderr)
        browser.serve = serve = self.serve("--demo", listen=place)
        self.assertIn(sentence, self.refused(browser))
        self.assertEqual(serve.stop(), 0)
        browser.serve = serve = self.serve("--demo", "--new-journal", listen=place)
        self.assertIn("resolve --gap", self.refused(browser))
        terminal = Person(self.home, "resolve", "--gap", command="purchases")
        terminal.type(terminal.wait_for(r"code \((\w{4})\)[\s\S]*?s\]: ").group(1) + "\n")
        self.assertEqual(terminal.finish(), 0, terminal.screen)
        self.buy(browser, "third")
        self.assertEqual(serve.stop(), 0)
        self.assertEqual(self.home.run("purchases", "verify").returncode, 0)

    def test_postgresql_is_dumped_restored_and_an_older_dump_is_noticed(self):
        if not takes_database():
            self.skipTest("this program has no --database")
        server = Postgres()
        self.addCleanup(server.stop)
        dump, restore = self.blocks["PostgreSQL"]
        names = {"database": server.create("shop"), "server": server.url("postgres")}
        serve = self.serve("--demo", "--auth-header", "X-Forwarded-User", "--database",
                           names["database"], listen=f"unix:{self.folder}/http")
        ada, ben = Browser(serve, "ada"), Browser(serve, "ben")
        self.buy(ada, "first")
        self.buy(ben, "first")
        self.shell(dump, **names)
        self.buy(ben, "second")
        self.assertEqual(serve.stop(), 0)
        os.rename(self.folder + "/cartpilot.dump", self.folder + "/older.dump")
        self.shell(dump, **names)
        self.assertEqual(self.shell(restore, **names).count("is intact"), 2)
        # The dump from before the last purchase of one of them.
        os.rename(self.folder + "/older.dump", self.folder + "/cartpilot.dump")
        restored, checked = restore.split("cartpilot db check")
        self.shell("dropdb --maintenance-db=\"$server\" shop_damaged\n" + restored, **names)
        done = self.home.run("db", "check", "--database", names["database"])
        self.assertEqual(words_of(checked), ["--database", "$database"])
        self.assertEqual((done.returncode, done.stdout.count("is intact")), (1, 1), done.stderr)
        self.assertRegex(done.stderr, "ben.*is not the one of the last purchase")


class Unit(OperationsCase):
    def unit(self):
        with open(UNIT, encoding="utf-8") as file:
            text = file.read()
        self.assertIn("ExecStart=/usr/bin/cartpilot ", text)
        return text.replace("/usr/bin/cartpilot", PROGRAM)

    def test_systemd_understands_the_unit(self):
        verify = shutil.which("systemd-analyze")
        if not verify:
            self.skipTest("no systemd-analyze here")
        unit = self.folder + "/cartpilot-serve.service"
        for text, well in ((self.unit(), True),
                           (self.unit().replace("ProtectSystem=", "ProtectSystems="), False),
                           (self.unit().replace("TimeoutStopSec=180", "TimeoutStopSec=x"), False)):
            with open(unit, "w", encoding="utf-8") as file:
                file.write(text)
            done = subprocess.run([verify, "verify", "--man=no", unit], capture_output=True,
                                  text=True, timeout=LIMIT)
            # What is wrong is a line about this file; other units of the machine are not ours.
            said = [line for line in done.stderr.split("\n") if "cartpilot-serve" in line]
            self.assertEqual(not said, well, done.stderr)

    def test_the_program_runs_with_the_flags_and_variables_of_the_unit(self):
        text = self.unit()
        variables = {}
        for line in re.findall(r"^Environment=(.*)$", text, re.MULTILINE):
            variables.update(word.split("=", 1) for word in shlex.split(line))
        port = free_port()
        # What serve.env of an operator would say, and folders of the test's own.
        secret = self.folder + "/proxy-secret"
        with open(secret, "w", encoding="utf-8") as file:
            file.write("a-secret-of-the-proxy\n")
        os.chmod(secret, 0o600)
        self.assertEqual(variables["SERVE_LISTEN"], "127.0.0.1:8088")
        variables.update({"SERVE_LISTEN": f"127.0.0.1:{port}", "SERVE_OPTIONS": "--demo"})
        variables["SERVE_PROXY"] = variables["SERVE_PROXY"].replace(
            "/etc/cartpilot/proxy-secret", secret)
        self.assertIn(secret, variables["SERVE_PROXY"])
        for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            self.assertRegex(variables[name], "^/(var/lib|var/cache|etc)")
            variables[name] = self.folder + variables[name]
            os.makedirs(variables[name], exist_ok=True)
        command = []
        for word in re.search(r"^ExecStart=(.*)$", text, re.MULTILINE).group(1).split():
            # systemd: ${NAME} is one word, $NAME as many as it holds.
            if re.fullmatch(r"\$\w+", word):
                command += variables[word[1:]].split()
            else:
                command.append(re.sub(r"\$\{(\w+)\}", lambda m: variables[m.group(1)], word))

        def confined():
            libc = ctypes.CDLL(None)
            libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
            libc.prctl(65, 1, 0, 0, 0)  # PR_SET_MDWE, from Linux 6.3 on: MemoryDenyWriteExecute=
            os.umask(0o077)

        process = subprocess.Popen(
            command, env={"PATH": os.environ["PATH"], **variables}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=confined,
            start_new_session=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        first = json.loads(process.stderr.readline())
        self.assertIn("X-Forwarded-User", first["message"])

        class At:
            place = f"127.0.0.1:{port}"
            socket = None
            connect = Serve.connect

        ada = Browser(At(), "ada", **{"X-Cartpilot-Secret": "a-secret-of-the-proxy"})
        self.buy(ada, "first")
        self.assertEqual(Browser(At()).ask("GET", "/readyz"), {"ready": True})
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(LIMIT), 0)
        self.assertTrue(os.path.isdir(self.folder + "/var/lib/cartpilot/people"))

    def test_what_stays_wrong_is_not_tried_again(self):
        codes = re.search(r"^RestartPreventExitStatus=(.*)$", self.unit(), re.MULTILINE).group(1)
        for flags, code in ((["--auth-header", "X-Forwarded-User"], 2), (["--provider", "no"], 3)):
            done = self.home.run("serve", "--listen", "127.0.0.1:0", *flags)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(str(code), codes.split())


if __name__ == "__main__":
    unittest.main()
