"""Agent applications buy something: their own model loop, a model server of ours, and a yes from `cartpilot approve`."""
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "e2e", "mcp"))
sys.path.insert(0, HERE)
from client import LIMIT, PROGRAM, Home, Person  # noqa: E402
from fake_models import Completions, Gemini, ModelServer, Responses  # noqa: E402

AGENTS = os.environ["CARTPILOT_AGENTS"]
BIN = AGENTS + "/node_modules/.bin/"
NODE = AGENTS + "/node_modules/node/bin/node"
ARGUMENTS = ["mcp", "--sandbox", "--no-plugins"]
LONG = 180


class Agents(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.remove)
        self.work = self.home.path + "/work"
        os.makedirs(self.work)

    def model(self, api):
        server = ModelServer(api)
        self.addCleanup(server.stop)
        return server

    def write(self, name, text):
        path = os.path.join(self.home.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def state(self):
        """What the server needs, for applications that pass on little of their environment."""
        return {"HOME": self.home.path, "XDG_STATE_HOME": self.home.path + "/state",
                "XDG_CONFIG_HOME": self.home.path + "/config"}

    def buy(self, model, words, **environment):
        errors = tempfile.TemporaryFile()
        self.addCleanup(errors.close)
        process = subprocess.Popen(words, env=self.home.environment(**environment), cwd=self.work,
                                   stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                   start_new_session=True)

        def shown():
            errors.seek(0)
            return (errors.read().decode(errors="replace")[-6000:] +
                    f"\n{len(model.bodies)} requests; results:\n" +
                    json.dumps(model.results, indent=1)[-6000:])
        try:
            end = time.monotonic() + LONG
            while not self.home.open_questions():
                self.assertIsNone(process.poll(), shown())
                self.assertLess(time.monotonic(), end, shown())
                time.sleep(0.1)
            self.assertEqual(self.home.purchases(), [])
            self.assertEqual(Person(self.home).say_yes(), 0)
            self.assertEqual(process.wait(LONG), 0, shown())
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(LIMIT)
        name, text = model.results[-1]
        self.assertTrue(name.endswith("confirm_checkout"), shown())
        self.assertIn("[cartpilot] BOUGHT", text)
        self.assertEqual([purchase["state"] for purchase in self.home.purchases()], ["done"])

    def test_codex(self):
        model = self.model(Responses)
        environment = ", ".join(f'{name} = "{value}"' for name, value in self.state().items())
        self.write("codex/config.toml", f"""
model = "local-model"
model_provider = "fake"
[model_providers.fake]
name = "fake"
base_url = "{model.url}/v1"
wire_api = "responses"
env_key = "FAKE_KEY"
[mcp_servers.shop]
command = "{PROGRAM}"
args = {json.dumps(ARGUMENTS)}
env = {{ {environment} }}
[mcp_servers.shop.tools.approve_checkout]
approval_mode = "approve"
[mcp_servers.shop.tools.confirm_checkout]
approval_mode = "approve"
""")
        self.buy(model, [NODE, BIN + "codex", "exec", "--skip-git-repo-check", "buy headphones"],
                 CODEX_HOME=self.home.path + "/codex", FAKE_KEY="x")

    def test_gemini_cli(self):
        model = self.model(Gemini)
        self.write("work/.gemini/settings.json", json.dumps({
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "mcpServers": {"shop": {"command": PROGRAM, "args": ARGUMENTS, "env": self.state()}}}))
        self.buy(model, [NODE, BIN + "gemini", "-p", "buy headphones", "--approval-mode", "yolo"],
                 GEMINI_API_KEY="x", GOOGLE_GEMINI_BASE_URL=model.url,
                 GEMINI_CLI_TRUST_WORKSPACE="true", PATH=os.path.dirname(NODE) + ":/usr/bin:/bin")

    def test_opencode(self):
        model = self.model(Completions)
        self.write("work/opencode.json", json.dumps({
            "model": "fake/local-model", "small_model": "fake/local-model",
            "provider": {"fake": {"npm": "@ai-sdk/openai-compatible", "name": "fake",
                                  "options": {"baseURL": model.url + "/v1", "apiKey": "x"},
                                  "models": {"local-model": {"name": "local-model"}}}},
            "mcp": {"shop": {"type": "local", "command": [PROGRAM, *ARGUMENTS],
                             "environment": self.state()}}}))
        self.buy(model, [OPENCODE, "run", "buy headphones"], OPENCODE_DISABLE_AUTOUPDATE="1",
                 OPENCODE_DISABLE_MODELS_FETCH="1")


OPENCODE = AGENTS + "/node_modules/opencode-linux-x64/bin/opencode"

if __name__ == "__main__":
    unittest.main()
