"""Debian's nginx with docs/examples/nginx-serve.conf, as the user of the test. Standard library only."""
import base64
import hashlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from client import LIMIT

NGINX = os.environ.get("CARTPILOT_NGINX", "/usr/sbin/nginx")
EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../../../docs/examples/nginx-serve.conf")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def password_line(name, password):
    """As htpasswd -s writes it: nginx checks these with no library of the system's."""
    digest = base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()
    return f"{name}:{{SHA}}{digest}\n"


def basic(name, password):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


class Nginx:
    """A running nginx. `changes` edit the example further; every edit must find its text."""

    def __init__(self, instances, secret, passwords, changes=(), port=None):
        self.folder = tempfile.mkdtemp(prefix="cartpilot-nginx-")
        self.place = f"127.0.0.1:{port or free_port()}"
        self.socket = None
        self._write("people", "".join(password_line(*one) for one in passwords.items()))
        self._write("secret.conf", f'proxy_set_header X-Cartpilot-Secret "{secret}";\n')
        with open(EXAMPLE, encoding="utf-8") as file:
            text = file.read()
        for old, new in (
                ("/etc/nginx/cartpilot-people", f"{self.folder}/people"),
                ("/etc/nginx/cartpilot-secret.conf", f"{self.folder}/secret.conf"),
                ("listen 127.0.0.1:80;", f"listen {self.place};"),
                ("server 127.0.0.1:8088 ", f"server {instances[0]} "),
                *([("# server 127.0.0.1:8089 ", f"server {instances[1]} ")]
                  if len(instances) > 1 else []), *changes):
            assert old in text, f"{EXAMPLE} lacks: {old}"
            text = text.replace(old, new)
        self._write("serve.conf", text)
        folders = "".join(f"{kind}_temp_path {self.folder}/{kind};\n" for kind in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;\n" if os.geteuid() == 0 else ""
        self._write("nginx.conf", f"{user}daemon off;\nworker_processes 1;\n"
                    f"pid {self.folder}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{folders}"
                    f"include {self.folder}/serve.conf;\n}}\n")
        self.process = subprocess.Popen(
            [NGINX, "-p", self.folder, "-c", f"{self.folder}/nginx.conf", "-e",
             f"{self.folder}/errors"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        end = time.monotonic() + LIMIT
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < end, self.errors_text()
            time.sleep(0.02)

    def _write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(f"{self.folder}/{name}", 0o600)

    def _answers(self):
        host, port = self.place.split(":")
        try:
            socket.create_connection((host, int(port)), 1).close()
        except OSError:
            return False
        return True

    def errors_text(self):
        try:
            with open(f"{self.folder}/errors", encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def problems(self):
        """What nginx logged as an error or worse."""
        return re.findall(r".*\[(?:error|crit|alert|emerg)\].*", self.errors_text())

    def connect(self):
        host, port = self.place.split(":")
        return http.client.HTTPConnection(host, int(port), timeout=LIMIT)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(LIMIT)
        shutil.rmtree(self.folder, ignore_errors=True)
