# SPDX-License-Identifier: Apache-2.0
"""Runs the Python tests and counts all tests: test_report.py ROOT MAVEN_STATUS MAVEN_LOG.

The last line is "N passed, N failed"; the exit status is 1 if anything failed. A build that broke and a test JVM that
died count as a failure each, because the tests they took with them wrote no report.
"""
import pathlib
import re
import sys
import unittest
import xml.etree.ElementTree as ElementTree


def java_tests(root):
  """Counts and names from the reports that surefire wrote, one file per test class."""
  ran, skipped, failed = 0, 0, []
  for report in sorted(root.glob("*/target/surefire-reports/TEST-*.xml")):
    for case in ElementTree.parse(report).getroot().iter("testcase"):
      ran += 1
      if case.find("failure") is not None or case.find("error") is not None:
        failed.append(f"{case.get('classname')}.{case.get('name')}")
      elif case.find("skipped") is not None:
        skipped += 1
  return ran, skipped, failed


def python_tests(root):
  folder = root / "manager-scripts" / "tests"
  if not folder.is_dir():
    return 0, 0, []
  suite = unittest.defaultTestLoader.discover(str(folder))
  result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
  failed = [str(case) for case, _ in result.failures + result.errors]
  failed += [str(case) for case in result.unexpectedSuccesses]
  return max(result.testsRun, len(failed)), len(result.skipped), failed


def broken_parts(status, log):
  """What failed without being a test."""
  parts = []
  if re.search(r"^\[ERROR\] (There was a timeout|The forked VM terminated|Crashed tests:)", log.read_text(errors="replace"),
               re.MULTILINE):
    parts.append(f"a test JVM died or took too long, see {log}")
  if status != 0:
    parts.append(f"the build or a static check, see {log}")
  return parts


def main():
  root, status, log = pathlib.Path(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
  broken = broken_parts(status, log)
  java_ran, java_skipped, java_failed = java_tests(root)
  python_ran, python_skipped, python_failed = python_tests(root)
  skipped = java_skipped + python_skipped
  failed = java_failed + python_failed
  passed = java_ran + python_ran - skipped - len(failed)
  for name in broken + failed:
    print(f"failed: {name}")
  if skipped:
    print(f"skipped: {skipped}")
  failures = len(broken) + len(failed)
  print(f"{passed} passed, {failures} failed", flush=True)
  return 1 if failures or passed == 0 else 0


if __name__ == "__main__":
  sys.exit(main())
