"""Short slices of scripts/torture-serve, and the proof that it sees a CartPilot that cheats."""
import unittest

import options
import prove
from run import Run


class SliceCase(unittest.TestCase):
    def run_with(self, *arguments):
        lines = []
        run = Run(options.read([*arguments, "--minutes", "0.5", "--details"]),
                  say=lambda line, **_: lines.append(line))
        self.assertTrue(run.go(), "\n".join(lines))
        self.assertGreater(len(run.orders), 0)


class Sqlite(SliceCase):
    def test_people_shop_while_their_instance_is_killed(self):
        self.run_with("--purchases", "12", "--people", "4", "--instances", "1", "--database",
                      "sqlite", "--seed", "4")


class Postgresql(SliceCase):
    def test_people_shop_at_two_instances_that_are_killed(self):
        self.run_with("--purchases", "12", "--people", "4", "--instances", "2", "--database",
                      "postgresql", "--seed", "4")


class Proof(SliceCase):
    def test_a_cartpilot_that_cheats_is_found(self):
        lines = []
        found = prove.prove(options.read(["--database", "sqlite", "--seed", "1"]),
                            say=lambda line, **_: lines.append(line))
        self.assertTrue(found, "\n".join(lines))


if __name__ == "__main__":
    unittest.main()
