"""The load measurement itself, on a small scale: that it counts, reports and cleans up. Times are not judged."""
import json
import os
import signal
import subprocess
import tempfile
import time
import unittest

LOAD = os.environ["CARTPILOT_LOAD"]
PROGRAM = os.environ["CARTPILOT_PROGRAM"]
SMALL = ["--program", PROGRAM, "--conversations", "20", "--people", "5", "--rate", "5"]
SHORT = [*SMALL, "--seconds", "3"]


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="cartpilot-load-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def start(self, *words):
        run = subprocess.Popen([LOAD, *words], env={**os.environ, "TMPDIR": self.folder},
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: run.poll() is None and run.kill())
        return run

    def run_load(self, *words):
        run = self.start(*words)
        out, errors = run.communicate(timeout=120)
        return run.returncode, out, errors

    def processes(self):
        """Command lines of programs that a measurement of this test started."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as environ, \
                        open(f"/proc/{pid}/cmdline", "rb") as line:
                    if self.folder.encode() in environ.read():
                        found.append(line.read().split(b"\0"))
            except OSError:
                continue
        return found


class LoadMeasurement(Case):
    def test_twenty_conversations_answer_without_error(self):
        code, out, errors = self.run_load(*SHORT, "--untimed", "--json")
        self.assertEqual(code, 0, out + errors)
        report = json.loads(out)
        self.assertTrue(report["pass"])
        for name in ("relay", "serve"):
            row = report[name]
            self.assertEqual((row["turns"], row["errors"]), (15, {}))
            # The vendor's first event comes after 50 ms, the last one after a second.
            self.assertGreater(row["first_event_ms"]["p50"], 49)
            self.assertGreater(row["end_ms"]["p50"], 999)
            self.assertLess(row["accepted_ms"]["p50"], row["first_event_ms"]["p50"])
        self.assertGreater(report["serve"]["memory_peak"], report["serve"]["memory_before"])
        # An event stream is a connection, which has a thread.
        self.assertGreaterEqual(report["serve"]["threads_open"], 20)
        self.assertEqual(os.listdir(self.folder), [])

    def test_answers_that_are_cut_are_counted_as_errors(self):
        code, out, errors = self.run_load(*SHORT, "--untimed", "--json", "--cut-every", "5")
        self.assertEqual(code, 1, out + errors)
        report = json.loads(out)
        self.assertFalse(report["pass"])
        for name in ("relay", "serve"):
            self.assertGreater(sum(report[name]["errors"].values()), 0, name)

    def test_the_table_ends_with_a_line_for_each_budget(self):
        code, out, errors = self.run_load(*SHORT)
        self.assertIn(code, (0, 1), errors)
        lines = out.strip().splitlines()[-3:]
        for line, what in zip(lines, ("errors", "added latency of the first event", "memory")):
            self.assertRegex(line, rf"^(pass|OVER)  {what}[:,]")
        self.assertEqual(code == 0, all(line.startswith("pass") for line in lines))

    def test_ctrl_c_ends_all_that_was_started(self):
        run = self.start(*SMALL, "--seconds", "30")
        end = time.monotonic() + 60
        while not any(b"serve" in words for words in self.processes()):
            self.assertLess(time.monotonic(), end)
            self.assertIsNone(run.poll())
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=60)
        self.assertEqual(run.returncode, 130)
        self.assertEqual(self.processes(), [])
        self.assertEqual(os.listdir(self.folder), [])

    def test_numbers_that_do_not_fit_are_refused_with_what_to_do(self):
        for words, said in (
                (["--rate", "200", "--people", "20"], "need at least 80 people"),
                (["--rate", "20", "--conversations", "20"], "need at least 40 conversations"),
                (["--rate", "20", "--people", "8", "--conversations", "1000"], "add --people")):
            code, out, errors = self.run_load(*words)
            self.assertEqual((code, out), (2, ""))
            self.assertIn(said, errors)


if __name__ == "__main__":
    unittest.main()
