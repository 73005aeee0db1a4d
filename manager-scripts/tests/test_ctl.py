# SPDX-License-Identifier: Apache-2.0
"""The command line: exit status, what goes to which stream, and JSON."""
import contextlib
import io
import json
import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from fake import EXAMPLES, FakeServer, error, example  # pylint: disable=wrong-import-position
from lxml import etree

from southbound import __main__
from test_client import JOB, job


class CtlTest(unittest.TestCase):
  def setUp(self):
    self.server = FakeServer()
    self.addCleanup(self.server.__exit__)

  def run_ctl(self, *arguments, password="secret"):
    """(exit status, standard output, standard error)"""
    out, err = io.StringIO(), io.StringIO()
    environment = {"SOUTHBOUND_ADMIN_PASSWORD": password} if password else {}
    with mock.patch.dict(os.environ, environment), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
      if not password:
        os.environ.pop("SOUTHBOUND_ADMIN_PASSWORD", None)
      try:
        status = __main__.main(["ctl", "--to", f"127.0.0.1:{self.server.port}", *arguments])
      except SystemExit as ended:
        status = ended.code
    return status, out.getvalue(), err.getvalue()

  def check_error(self, status, text, *arguments, **more):
    found, out, err = self.run_ctl(*arguments, **more)
    self.assertEqual((status, ""), (found, out), err)
    self.assertEqual(1, err.count("\n"), err)
    self.assertRegex(err, "^southbound: ctl: ")
    self.assertIn(text, err)

  def test_table(self):
    self.server.answers["get-variants"] = example("get-variants")
    status, out, _ = self.run_ctl("get-variants", "transfer")
    self.assertEqual(0, status)
    self.assertEqual(["variant    performance  accuracy  resource", "copy                 3         1         1",
                      "loss-free            2         3         2"], out.splitlines())

  def test_json(self):
    self.server.answers["get-variants"] = example("get-variants")
    for arguments in (("--json", "get-variants", "transfer"), ("get-variants", "transfer", "--json")):
      status, out, _ = self.run_ctl(*arguments)
      self.assertEqual(0, status)
      self.assertEqual({"name": "copy", "performance": 3, "accuracy": 1, "resource": 1}, json.loads(out)["southbound-state:variant"][0])

  def test_every_call(self):
    for name in ("get-chaining-protocols", "healthcheck", "service-chain", "trace-chain", "mark-last-in-transit", "preview-scope", "query-metrics",
                 "report-metrics", "take-over", "transfer"):
      self.server.answers[name] = example(name)
    self.server.answers.update({"replicate": example("transfer"), "resync": example("transfer"), "service-chain-update": example("service-chain"),
                                "get": b"<data/>", "get-config": b"<data/>"})
    for arguments in (["get-chaining-protocols"], ["service-chain", "tcp", "fw1", "lb1", "--name", "web"], ["service-chain-update", "any"],
                      ["service-chain-update", "any", "fw1", "--if-generation", "3"], ["chain", "delete", "web"], ["chains"], ["paths"],
                      ["trace-chain", "web", "--probes", "3"], ["transfer", "fw2", "tcp", "copy", "--option", "hold=5"],
                      ["replicate", "fw2", "any", "interval", "--parts", "per-flow"], ["mark-last-in-transit", "fw1", "any"], ["preview-scope"],
                      ["stop-replication", JOB], ["take-over", JOB, "--force"], ["resync", JOB], ["cancel-operation", JOB], ["jobs"],
                      ["replications"], ["ownership"], ["healthcheck"], ["query-metrics", "flows"], ["report-metrics", "--period", "1000", "--snmp", "nms"],
                      ["cancel-report", "7"], ["spec"], ["translations"], ["translations", "list"], ["translations", "add", "hit", "status=hit", "21"],
                      ["translations", "remove", "hit"], ["get-config"], ["get-config", "southbound-nf:nf/function", "--source", "candidate"],
                      ["get", "southbound-chain:chains"]):
      for more in ([], ["--json"]):
        with self.subTest(" ".join(arguments + more)):
          status, out, err = self.run_ctl(*arguments, *more)
          self.assertEqual((0, ""), (status, err))
          if more:
            self.assertIsInstance(json.loads(out), dict)

  def test_specification(self):
    self.server.answers["get"] = b"<data>" + (EXAMPLES / "oper-ok-specification.xml").read_bytes() + b"</data>"
    status, out, _ = self.run_ctl("spec")
    self.assertEqual(0, status)
    for text in ("caching-proxy", "Flow's cache hit/miss status", "cpu-usage", "Variants of replicate", "every-n", "object"):
      self.assertIn(text, out)

  def test_wait(self):
    self.server.answers["transfer"] = example("transfer")
    self.server.answers["get"] = job("complete", 512)
    status, out, _ = self.run_ctl("transfer", "fw2", "any", "copy", "--wait")
    self.assertEqual(0, status)
    self.assertIn("512 of 512", out)
    self.assertIn("42.5 ms", out)
    status, out, _ = self.run_ctl("--json", "--wait", "transfer", "fw2", "any", "copy")
    self.assertEqual({"southbound-state:job": JOB}, json.loads(out))
    self.server.answers["get"] = job("failed")
    self.check_error(1, "failed: peer died", "transfer", "fw2", "any", "copy", "--wait")

  def test_watch(self):
    self.server.notify((EXAMPLES / "notif-ok-operation-complete.xml").read_bytes())
    self.server.notify((EXAMPLES / "notif-ok-ownership-changed.xml").read_bytes())
    status, out, _ = self.run_ctl("watch", "--since", "3600", "--count", "2")
    self.assertEqual(0, status)
    self.assertRegex(out, r"^\S+Z  operation-complete  id=\S+ kind=transfer .*\n\S+Z  ownership-changed  scope='tcp' owner=fw2 ")
    status, out, _ = self.run_ctl("watch", "--since", "2026-01-01T00:00:00Z", "--count", "2", "--json")
    first = json.loads(out.splitlines()[0])["ietf-restconf:notification"]
    self.assertEqual("512", first["southbound-state:operation-complete"]["flows-total"])

  def test_edit_config(self):
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
      file.write(b'<?xml version="1.0"?>\n' + (EXAMPLES / "ok-firewall.xml").read_bytes())
      file.flush()
      status, out, _ = self.run_ctl("edit-config", file.name)
      self.assertEqual((0, "committed\n"), (status, out))
      edit = next(each for each in self.server.requests if etree.QName(each).localname == "edit-config")
      self.assertEqual(["nf", "translations"], [etree.QName(each).localname for each in edit[-1]])
      file.write(b"<")
      file.flush()
      self.check_error(2, "no well-formed XML", "edit-config", file.name)
    self.check_error(2, "cannot read", "edit-config", "/nonexistent/file.xml")

  def test_errors(self):
    self.server.answers["get-variants"] = error("invalid-value", "no such operation", "southbound:unknown", "/operation")
    self.check_error(1, "no such operation (southbound:unknown, at /operation)", "get-variants", "steal")
    self.check_error(1, "refuses user admin: check", "jobs", password="wrong")
    self.check_error(2, "no password: set SOUTHBOUND_ADMIN_PASSWORD", "jobs", password=None)
    self.check_error(2, "cannot read the password file /nonexistent/file", "jobs", "--password-file", "/nonexistent/file")
    self.check_error(2, "no key file", "jobs", "--key", "/nonexistent/key")
    self.check_error(2, "scope 'tcp x'", "preview-scope", "tcp x")
    self.check_error(2, "hop 'a b'", "service-chain", "any", "a b")
    self.check_error(2, "give --period MILLISECONDS or --packets N", "report-metrics")
    self.check_error(2, "TYPE=VALUE", "translations", "add", "x", "hit", "21")
    self.check_error(2, "missing VARIANT", "transfer", "fw2", "any")
    self.check_error(2, "unknown command 'fly'", "fly")
    self.check_error(2, "--until needs --since", "watch", "--until", "2030-01-01T00:00:00Z")
    self.server.__exit__()
    self.check_error(1, "is an instance running there?", "jobs")

  def test_help(self):
    status, out, _ = self.run_ctl("--help")
    self.assertEqual(0, status)
    for name in ("service-chain-update", "take-over", "watch"):
      self.assertIn(name, out)


class MainTest(unittest.TestCase):
  def test_usage(self):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
      self.assertEqual([0, 2, 2], [__main__.main(each) for each in (["--help"], [], ["fly"])])
    self.assertIn("unknown command 'fly'", err.getvalue())
