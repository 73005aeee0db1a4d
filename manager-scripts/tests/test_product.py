# SPDX-License-Identifier: Apache-2.0
"""The product as it is delivered: the demo on real instances, with real traffic."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

LAUNCHER = os.environ.get("SOUTHBOUND_LAUNCHER")


@unittest.skipUnless(LAUNCHER, "SOUTHBOUND_LAUNCHER names no launcher")
class ProductTest(unittest.TestCase):
  def test_demo(self):
    with tempfile.TemporaryDirectory() as folder:
      result = pathlib.Path(folder) / "out.json"
      report = pathlib.Path(folder) / "out.html"
      done = subprocess.run([LAUNCHER, "demo", "--json", str(result), "--report", str(report)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, timeout=400)
      self.assertEqual(0, done.returncode, done.stdout)
      found = json.loads(result.read_text())
      self.assertTrue(found["ok"], done.stdout)
      self.assertGreaterEqual(found["packets"], 20_000)
      self.assertGreaterEqual(found["flows"], 500)
      self.assertEqual((0, 0), (found["lost"], found["duplicated"]))
      self.assertEqual("loss-free", found["transfer"]["variant"])
      self.assertGreaterEqual(found["transfer"]["flows"], 500)
      self.assertEqual(0, found["transfer"]["lost"])
      self.assertIn("<svg", report.read_text())


if __name__ == "__main__":
  unittest.main()
