# SPDX-License-Identifier: Apache-2.0
"""The client against a server with prepared answers."""
import pathlib
import sys
import threading
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fake import EXAMPLES, FakeServer, error, example  # pylint: disable=wrong-import-position
from lxml import etree
import ncclient.transport.ssh

from southbound import Client, ConnectionFailed, ConnectionLost, Hop, OperationFailed, Scope, SouthboundError
from southbound import xml
from southbound.client import CHAIN

JOB = "6f1c8a52-33f1-4a55-8d0e-0b6a1f0a7c11"
ncclient.transport.ssh.TICK = 0.005


def strip(text):
  """Content without white space, comments and the prefixes' declarations."""
  root = etree.fromstring(text, etree.XMLParser(remove_blank_text=True, remove_comments=True))
  return [(each.tag, (each.text or "").strip()) for each in root.iter()]


def job(state, done=0):
  return (f'<data><state-operations xmlns="urn:southbound:yang:southbound-state"><job><id>{JOB}</id><kind>transfer</kind>'
          f"<state>{state}</state><flows-total>512</flows-total><flows-done>{done}</flows-done><started>2026-11-23T12:00:00Z</started>"
          f"<ended>2026-11-23T12:00:00.0425Z</ended><error-message>peer died</error-message></job></state-operations></data>").encode()


class ClientTest(unittest.TestCase):
  def setUp(self):
    self.server = FakeServer()
    self.addCleanup(self.server.__exit__)
    self.client = Client("127.0.0.1", self.server.port, password="secret", timeout=10)
    self.client.connect()
    self.addCleanup(self.client.close)

  def sent(self, name):
    return [each for each in self.server.requests if etree.QName(each).localname == name]

  def check_sent(self, name, example_file):
    """What was sent is what the example, which is checked against the modules, has."""
    self.assertEqual(strip((EXAMPLES / f"rpc-ok-{example_file}.xml").read_bytes()), strip(etree.tostring(self.sent(name)[-1])))

  def test_get_chaining_protocols(self):
    self.server.answers["get-chaining-protocols"] = example("get-chaining-protocols")
    self.assertEqual(["nsh-vxlan-gpe"], self.client.get_chaining_protocols())
    self.assertEqual({"southbound-chain:protocol": ["southbound-types:nsh-vxlan-gpe"]}, self.client.output)
    self.check_sent("get-chaining-protocols", "get-chaining-protocols")

  def test_service_chain(self):
    self.server.answers["service-chain"] = example("service-chain")
    result = self.client.service_chain("tcp 10.0.0.0/8 -> any", ["fw1", Hop("lb1")])
    self.assertEqual(("web", 1, "nsh-vxlan-gpe"), (result.name, result.generation, result.protocol))
    self.check_sent("service-chain", "service-chain")
    self.assertEqual({"southbound-chain:name": "web", "southbound-chain:generation": "1",
                      "southbound-chain:protocol": "southbound-types:nsh-vxlan-gpe"}, self.client.output)

  def test_service_chain_update(self):
    self.server.answers["service-chain-update"] = example("service-chain-update-removed")
    result = self.client.service_chain_update("tcp 10.0.0.0/8 -> any", [], name="web", if_generation=3)
    self.assertEqual((4, None), (result.generation, result.protocol))
    self.check_sent("service-chain-update", "service-chain-update")

  def test_remove_chain_edits_locked_candidate(self):
    self.client.remove_chain("web")
    names = [etree.QName(each).localname for each in self.server.requests]
    self.assertEqual(["lock", "edit-config", "validate", "commit", "unlock"], names)
    chain = self.sent("edit-config")[0].find(f".//{{{CHAIN}}}chain")
    self.assertEqual("delete", chain.get(f"{{{xml.NETCONF}}}operation"))

  def test_failed_edit_is_discarded_and_unlocked(self):
    self.server.answers["commit"] = error("operation-failed", "hop fw1 refused", "southbound:hop-failed")
    with self.assertRaisesRegex(SouthboundError, "hop fw1 refused"):
      self.client.remove_chain("web")
    names = [etree.QName(each).localname for each in self.server.requests]
    self.assertEqual(["commit", "discard-changes", "unlock"], names[-3:])

  def test_trace_chain(self):
    self.server.answers["trace-chain"] = example("trace-chain")
    trace = self.client.trace_chain("web", probes=3)
    self.check_sent("trace-chain", "trace-chain")
    self.assertEqual((False, 1, [21], 48000, 254), (trace.complete, trace.lost_after, trace.hop[0].label, trace.hop[0].delay,
                                                    trace.hop[0].service_index))

  def test_get_variants(self):
    self.server.answers["get-variants"] = example("get-variants")
    variants = self.client.get_variants("transfer")
    self.assertEqual((2, 3, 2), variants["loss-free"])
    self.check_sent("get-variants", "get-variants")
    self.assertEqual("copy", self.client.output["southbound-state:variant"][0]["name"])

  def test_transfer(self):
    self.server.answers["transfer"] = example("transfer")
    found = self.client.transfer(Hop("fw2", "192.0.2.12"), "tcp 10.0.0.0/8 -> any", "pre-copy", ["per-flow", "multi-flow"],
                                 options={"rounds": 4, "pause": 5000}, client_token="a1")
    self.assertEqual(JOB, found)
    self.check_sent("transfer", "transfer")

  def test_transfer_steered_by_manager(self):
    self.server.answers["transfer"] = example("transfer")
    self.client.transfer(Hop(host="192.0.2.12"), "udp 2001:db8::/32 -> any forward", "acme-teleport", steering="manager")
    self.check_sent("transfer", "transfer-manager")

  def test_replicate(self):
    self.server.answers["replicate"] = example("transfer")
    self.assertEqual(JOB, self.client.replicate("fw2@192.0.2.12", "tcp 10.0.0.0/8 -> any", "every-n", options={"n": 32}))
    self.check_sent("replicate", "replicate")

  def test_calls_on_a_relationship(self):
    self.server.answers["take-over"] = example("take-over")
    self.server.answers["resync"] = example("transfer")
    self.assertEqual(8, self.client.take_over(JOB, force=True).epoch)
    self.assertEqual(JOB, self.client.resync(JOB))
    self.client.stop_replication(JOB)
    self.assertEqual({}, self.client.output)
    self.client.cancel_operation(JOB)
    for name in ("take-over", "resync", "stop-replication", "cancel-operation"):
      self.check_sent(name, name)

  def test_mark_and_preview(self):
    self.server.answers["mark-last-in-transit"] = example("mark-last-in-transit")
    self.server.answers["preview-scope"] = example("preview-scope")
    self.assertEqual(16777215, self.client.mark_last_in_transit("fw1", "tcp 10.0.0.0/8 -> any").label)
    preview = self.client.preview_scope("tcp 10.0.0.0/8 -> any")
    self.assertEqual((512, 65536, True, "firewall-flow"), (preview.flows, preview.octets, preview.owned, preview.schema[0].schema))
    self.assertEqual("512", self.client.output["southbound-state:flows"])
    for name in ("mark-last-in-transit", "preview-scope"):
      self.check_sent(name, name)

  def test_metrics(self):
    self.server.answers["query-metrics"] = example("query-metrics")
    self.assertEqual({"packets-received": 20000, "flows": 512}, self.client.query_metrics())
    self.assertEqual("20000", self.client.output["southbound-metrics:metric"][0]["value"])
    self.server.answers["report-metrics"] = example("report-metrics")
    self.assertEqual(7, self.client.register_report(period=1000, snmp="nms"))
    self.check_sent("report-metrics", "report-metrics-snmp")
    self.client.register_report(period=1000, url="https://nms.example/m")
    self.check_sent("report-metrics", "report-metrics-http")
    self.client.cancel_report(7)
    self.check_sent("cancel-report", "cancel-report")

  def test_reports_registered_before_subscribed(self):
    self.server.answers["report-metrics"] = example("report-metrics")
    report = (EXAMPLES / "notif-ok-metric-report.xml").read_bytes()
    with self.client.report_metrics(packets=1000) as reports:
      names = [etree.QName(each).localname for each in self.server.requests]
      self.assertLess(names.index("report-metrics"), names.index("create-subscription"))
      self.check_sent("report-metrics", "report-metrics-session")
      self.server.notify(report.replace(b"<id>7<", b"<id>8<"))  # of another registration
      self.server.notify(report)
      found = reports.take(10)
    self.assertEqual((7, 0, "packets", {"queue-depth": 17}), (found.id, found.sequence, found.trigger, found.values))

  def test_rpc_error_is_one_line(self):
    self.server.answers["transfer"] = error("invalid-value", "no such\n  peer", "southbound:unknown-peer", "/st:transfer/\n st:destination",
                                            "<reason>none is configured</reason>")
    with self.assertRaises(SouthboundError) as raised:
      self.client.transfer("fw9", None, "copy")
    self.assertEqual("no such peer (southbound:unknown-peer, at /st:transfer/st:destination, reason=none is configured)", str(raised.exception))
    self.assertEqual(("invalid-value", "southbound:unknown-peer"), (raised.exception.tag, raised.exception.app_tag))

  def test_several_rpc_errors(self):
    self.server.answers["validate"] = error("missing-element", "first") + error("bad-element", "second")
    with self.assertRaisesRegex(SouthboundError, r"^first \[and 1 more\] \(missing-element\)$"):
      self.client.remove_chain("web")

  def test_incomplete_answer(self):
    with self.assertRaisesRegex(SouthboundError, "not complete: missing 2 required .* 'name' and 'generation'"):
      self.client.service_chain("any", ["fw1"])

  def test_wrong_password(self):
    with self.assertRaisesRegex(ConnectionFailed, "refuses user admin: check"):
      Client("127.0.0.1", self.server.port, password="wrong").connect()

  def test_lost_session(self):
    self.server.cut()
    with self.assertRaises(ConnectionLost):
      self.client.get_chaining_protocols()

  def test_wait_wakes_by_notification(self):
    states = iter([job("preparing"), job("copying", 100)])
    self.server.answers["get"] = lambda _: next(states, job("complete", 512))
    ended = (EXAMPLES / "notif-ok-operation-complete.xml").read_bytes()
    timer = threading.Timer(0.3, self.server.notify, [ended])
    timer.start()
    self.addCleanup(timer.join)
    seen = []
    found = self.client.wait(JOB, 20, lambda each: seen.append((each.state, each.flows_done)))
    self.assertEqual(("complete", 512), (found.state, found.flows_done))
    self.assertAlmostEqual(42.5, found.millis)
    self.assertEqual([("preparing", 0), ("copying", 100), ("complete", 512)], seen)

  def test_wait_polls_without_notifications(self):
    states = iter([job("preparing"), job("copying", 100), job("copying", 300)])
    self.server.answers["get"] = lambda _: next(states, job("complete", 512))
    self.server.answers["create-subscription"] = error("operation-not-supported", "no notifications")
    self.assertEqual(512, self.client.wait(JOB, 20).flows_done)

  def test_wait_for_failed_job(self):
    self.server.answers["get"] = job("failed")
    with self.assertRaisesRegex(OperationFailed, f"transfer {JOB} failed: peer died"):
      self.client.wait(JOB, 10)

  def test_wait_survives_cut(self):
    states = iter([job("copying", 1)])
    self.server.answers["get"] = lambda _: next(states, job("complete", 512))
    self.client.jobs()
    self.server.cut()
    self.assertEqual("complete", self.client.wait(JOB, 20).state)

  def test_notifications_resume_after_cut(self):
    changed = (EXAMPLES / "notif-ok-chain-changed.xml").read_text()
    with self.client.notifications() as events:
      for generation in range(3):
        self.server.notify(changed.replace("<generation>2", f"<generation>{generation}").encode())
      found = [events.take(10).data["generation"] for _ in range(2)]
      self.server.cut()
      for generation in range(3, 6):
        self.server.notify(changed.replace("<generation>2", f"<generation>{generation}").encode())
      while len(found) < 6:
        event = events.take(10)
        self.assertIsNotNone(event)
        found.append(event.data["generation"])
      self.assertIsNone(events.take(0.3))
      self.assertEqual([0, 1, 2, 3, 4, 5], found)
      self.assertEqual(1, events.resumed)

  def test_replay_ends_with_stop_time(self):
    self.server.notify((EXAMPLES / "notif-ok-nf-alarm-denied-flood.xml").read_bytes())
    with self.client.notifications("2026-01-01T00:00:00Z", "2036-01-01T00:00:00Z") as events:
      found = list(events)
    self.assertEqual(["nf-alarm"], [each.name for each in found])
    self.assertEqual("southbound-nf", found[0].module)
    self.assertEqual("1000", found[0].json["ietf-restconf:notification"]["southbound-nf:nf-alarm"]["count"])

  def test_chains_and_paths(self):
    chain = (EXAMPLES / "ok-chain.xml").read_text()
    self.server.answers["get"] = f"<data>{chain}</data>".encode()
    first, second = self.client.chains()
    self.assertEqual(("web", 10, 3, "fw1@192.0.2.11:4790"), (first.name, first.precedence, len(first.hops), str(first.hops[0])))
    self.assertEqual(Scope(label=21), second.scope)
    self.assertEqual([], self.client.paths())


class HostKeyTest(unittest.TestCase):
  def test_unknown_host_key_of_another_host(self):
    with FakeServer() as server:
      client = Client("127.0.0.1", server.port, password="secret")
      with mock.patch("southbound.client.is_loopback", return_value=False):
        with self.assertRaisesRegex(ConnectionFailed, "ssh-keyscan .* or give --insecure"):
          client.connect()
        client.insecure = True
        client.connect()
        client.close()
