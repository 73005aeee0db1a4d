# SPDX-License-Identifier: Apache-2.0
"""The demo on instances that only answer: its steps, its verdict, its files."""
import contextlib
import io
import json
import os
import pathlib
import stat
import struct
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import fake  # noqa: F401 pylint: disable=unused-import,wrong-import-position
from lxml import etree

from southbound import __main__, capture, demo, report

HERE = pathlib.Path(__file__).parent


def frame(version, source, destination, protocol, transport):
  """An Ethernet frame with an IP packet; IP checksums are not filled in."""
  if version == 4:
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(transport), 1, 0, 64, protocol, 0) + source + destination
  else:
    ip = struct.pack(">IHBB", 6 << 28, len(transport), protocol, 64) + source + destination
  return bytes(12) + struct.pack(">H", 0x0800 if version == 4 else 0x86DD) + ip + transport


def write_pcap(path, frames):
  with open(path, "wb") as file:
    file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    for number, each in enumerate(frames):
      file.write(struct.pack("<IIII", number // 1000, number % 1000 * 1000, len(each), len(each)) + each)


def checksum(data):
  total = sum(struct.unpack(f">{len(data) // 2}H", data))
  while total >> 16:
    total = (total & 0xFFFF) + (total >> 16)
  return total


CLIENT, SERVER = bytes([192, 0, 2, 10]), bytes([198, 51, 100, 10])
CLIENT_6, SERVER_6 = bytes.fromhex("20010db8000100000000000000000010"), bytes.fromhex("20010db8000200000000000000000010")


class CaptureTest(unittest.TestCase):
  def test_flow_is_the_same_in_both_directions(self):
    there = frame(4, CLIENT, SERVER, 6, struct.pack(">HHIIHHHH", 1024, 80, 1, 1, 0x5002, 100, 0, 0))
    back = frame(4, SERVER, CLIENT, 6, struct.pack(">HHIIHHHH", 80, 1024, 1, 1, 0x5012, 100, 0, 0))
    other = frame(4, CLIENT, SERVER, 6, struct.pack(">HHIIHHHH", 1025, 80, 1, 1, 0x5002, 100, 0, 0))
    self.assertEqual(capture.flow(there), capture.flow(back))
    self.assertNotEqual(capture.flow(there), capture.flow(other))

  def test_no_flow(self):
    for each in (b"", bytes(14), bytes(12) + b"\x08\x06" + bytes(28), frame(4, CLIENT, SERVER, 1, struct.pack(">BBHI", 3, 3, 0, 0)),
                 frame(4, CLIENT, SERVER, 17, b"\0\1")):
      self.assertIsNone(capture.flow(each))

  def test_truncated_anywhere(self):
    inner = frame(6, CLIENT_6, SERVER_6, 17, struct.pack(">HHHH", 1024, 53, 8, 0))[14:]
    whole = frame(6, SERVER_6, CLIENT_6, 58, struct.pack(">BBHI", 1, 4, 0, 0) + inner)
    for size in range(len(whole)):
      self.assertEqual(size, len(capture.shifted(whole[:size], 1)))
      capture.flow(whole[:size])

  def test_shift_keeps_checksums(self):
    for version, client, server in ((4, CLIENT, SERVER), (6, CLIENT_6, SERVER_6)):
      for shift in (1, 2):
        inner = frame(version, client, server, 17, struct.pack(">HHHH", 1024, 53, 8, 0))[14:]
        kind = (1, 3) if version == 4 else (58, 1)
        error = frame(version, server, client, kind[0], struct.pack(">BBHI", kind[1], 3, 0, 0) + inner)
        moved = capture.shifted(error, shift)
        self.assertNotIn(client, moved)
        self.assertEqual(2, moved.count(capture.move(client, shift)))
        self.assertEqual(checksum(error), checksum(moved))
        self.assertEqual(server, capture.move(server, shift))

  def test_addresses_of_one_shift_differ(self):
    for shift in (0, 1, 2):
      self.assertEqual(250, len({capture.move(bytes([192, 0, 2, each]), shift) for each in range(250)}))

  def test_prepare(self):
    with tempfile.TemporaryDirectory() as folder:
      source, target = f"{folder}/a.pcap", f"{folder}/b.pcap"
      segment = struct.pack(">HHIIHHHH", 1024, 80, 1, 1, 0x5002, 100, 0, 0)
      write_pcap(source, [frame(4, CLIENT, SERVER, 6, segment), bytes(12) + b"\x08\x06" + bytes(28), frame(4, CLIENT, SERVER, 6, segment)])
      facts = capture.prepare(source, target, 1)
      self.assertEqual((2, 1), (facts.packets, facts.flows))
      self.assertEqual(2, len(capture.records(capture.open_pcap(target))[1]))
      pathlib.Path(source).write_bytes(pathlib.Path(source).read_bytes()[:-3])
      self.assertRaises(ValueError, capture.prepare, source, target)
      pathlib.Path(source).write_bytes(b"no capture")
      self.assertRaises(ValueError, capture.prepare, source, target)


class ReportTest(unittest.TestCase):
  def test_ticks(self):
    self.assertEqual([0, 500, 1000, 1500], report.ticks(1500))
    self.assertEqual([0.0, 1.0], report.ticks(0))
    for high in (0.0003, 0.9, 1, 7, 99, 23514, 10**9):
      found = report.ticks(high)
      self.assertGreaterEqual(found[-1], high)
      self.assertLessEqual(len(found), 11)

  def test_rates(self):
    self.assertEqual([(0.5, 100.0), (2.0, 50.0)], report.rates([(0, 0), (1, 100), (1, 100), (3, 200)]))

  def test_text_is_escaped(self):
    summary = {"ok": False, "packets": 0, "flows": 0, "lost": 0, "duplicated": 0, "reordered": 0,
               "transfer": {"variant": "loss-free", "flows": 0, "lost": 0, "millis": 0.0}, "steps": [{"name": "<b>", "ok": False, "detail": "a & b"}]}
    page = report.page(summary, [("<i>", report.plot([("<u>", [(0, 0), (1, 2)])], "x", [(0.5, "<s>")]))])
    for bad in ("<b>&lt;", "<i>&lt;", "<u>", "<s>"):
      self.assertNotIn(bad, page)
    self.assertIn("a &amp; b", page)


class StateTest(unittest.TestCase):
  def test_differences(self):
    expected = {"a": {"state": "established", "age": 1}, "b": {"x": 1}}
    self.assertEqual([], demo.state_differences(expected, {"a": {"state": "established", "age": 2}, "b": {"x": 1}}, ("age",)))
    self.assertEqual(["a: state is closed, not established", "b is missing", "c is not expected"],
                     demo.state_differences(expected, {"a": {"state": "closed", "age": 1}, "c": {}}))

  def test_unbalanced(self):
    values = dict(zip(demo.COMMON, (10, 2, 9, 1, 1)))
    self.assertEqual(1, demo.unbalanced(values))


class DemoTest(unittest.TestCase):
  def setUp(self):
    folder = tempfile.TemporaryDirectory()
    self.addCleanup(folder.cleanup)
    self.folder = pathlib.Path(folder.name)
    launcher = self.folder / "southbound"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{HERE / "fake_instance.py"}" "$@"\n')
    launcher.chmod(launcher.stat().st_mode | stat.S_IXUSR)
    frames = [frame(4, CLIENT, SERVER, 17, struct.pack(">HHHH", 1024 + number % 600, 53, 8, 0)) for number in range(21_000)]
    write_pcap(self.folder / "in.pcap", frames)
    self.environment = {"SOUTHBOUND_LAUNCHER": str(launcher), "TMPDIR": str(self.folder)}

  def run_demo(self, **environment):
    out, err = io.StringIO(), io.StringIO()
    with mock.patch.dict(os.environ, {**self.environment, **environment}), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), \
        mock.patch.object(tempfile, "tempdir", None):
      status = __main__.main(["demo", "--capture", str(self.folder / "in.pcap"), "--pps", "5000", "--json", str(self.folder / "out.json"),
                              "--report", str(self.folder / "out.html")])
    return status, out.getvalue(), json.loads((self.folder / "out.json").read_text())

  def test_all_steps(self):
    status, out, summary = self.run_demo()
    self.assertEqual([], [each for each in summary["steps"] if not each["ok"]], out)
    self.assertEqual(0, status)
    self.assertEqual({"ok", "packets", "flows", "lost", "duplicated", "reordered", "transfer", "steps"}, summary.keys())
    self.assertEqual((True, 21_000, 600, 0, 0, 0), tuple(summary[each] for each in ("ok", "packets", "flows", "lost", "duplicated", "reordered")))
    self.assertEqual({"variant": "loss-free", "flows": 600, "lost": 0, "millis": 25.0}, summary["transfer"])
    page = (self.folder / "out.html").read_text()
    self.assertEqual(4, page.count("<svg"))
    etree.HTML(page)
    self.assertNotIn("http://", page.replace("http://www.w3.org/", ""))
    self.assertEqual([], list(self.folder.glob("southbound-demo-*")))  # nothing is left behind

  def test_lost_packet_is_a_failure(self):
    status, out, summary = self.run_demo(SOUTHBOUND_FAKE_LOSES="1")
    self.assertEqual((1, False), (status, summary["ok"]))
    self.assertIn("FAILED  traffic through 3 hops", out)

  def test_instance_that_does_not_start(self):
    broken = pathlib.Path(self.environment["SOUTHBOUND_LAUNCHER"])
    broken.write_text("#!/bin/sh\necho 'port 4790 is in use' >&2\nexit 1\n")
    status, out, summary = self.run_demo()
    self.assertEqual((1, 1), (status, len(summary["steps"])))
    self.assertIn("instance mon1 ended: port 4790 is in use", out)
