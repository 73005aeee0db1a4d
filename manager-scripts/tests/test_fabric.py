# SPDX-License-Identifier: Apache-2.0
"""Chains by every protocol between real instances on a real Ethernet: a bridge in a network namespace of this process's own."""
import ctypes
import json
import os
import pathlib
import subprocess
import unittest

from scapy.contrib.nsh import NSH
from scapy.layers.inet import GRE, IP
from scapy.layers.l2 import Dot1Q, Ether
from scapy.utils import PcapReader

from southbound import Client, Hop
from southbound.instances import free_udp_port

import vnf

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
NAMES = ("a", "b", "c")
PACKETS = pathlib.Path(__file__).resolve().parents[2] / "vnf" / "src" / "main" / "traffic" / "mixed.pcap.gz"
# What the frames of a protocol to the first or second hop are.
FRAMES = {
  "nsh-ethernet": lambda frame: frame.type == 0x894F and NSH(bytes(frame.payload)).si in (253, 254),
  "gre": lambda frame: IP in frame and frame[IP].proto == 47 and frame[GRE].key & 0xFF in (253, 254) and frame[GRE].proto == 0x6558,
  "mpls": lambda frame: frame.type == 0x8847,
  "vlan": lambda frame: Dot1Q in frame and frame[Dot1Q].vlan & 15 in (0, 1),
  "ip-in-ip": lambda frame: IP in frame and frame[IP].proto in (4, 41),
  "flow-tags": lambda frame: True,
  "mac-rewrite": lambda frame: True,
}


def ip(command):
  subprocess.run(["ip", *command.split()], check=True)


def setUpModule():
  if not vnf.LAUNCHER:
    raise unittest.SkipTest("SOUTHBOUND_LAUNCHER names no launcher")
  outside = os.open("/proc/self/ns/net", os.O_RDONLY)
  if LIBC.unshare(CLONE_NEWNET):
    os.close(outside)
    raise unittest.SkipTest("a network namespace needs root")
  unittest.addModuleCleanup(lambda: (LIBC.setns(outside, CLONE_NEWNET), os.close(outside)))
  ip("link set lo up")
  ip("link add br0 type bridge")
  ip("link set br0 up")
  for name in NAMES:
    ip(f"link add f{name} type veth peer name s{name}")
    ip(f"link set s{name} master br0")
    ip(f"link set s{name} type bridge_slave learning off")
    for each in (f"f{name}", f"s{name}"):
      ip(f"link set {each} mtu 9000 up")
      pathlib.Path(f"/proc/sys/net/ipv6/conf/{each}/disable_ipv6").write_text("1")


class FabricTest(unittest.TestCase):
  @classmethod
  def setUpClass(cls):
    cls.folder = vnf.folder()
    cls.mac = json.loads(subprocess.run(["ip", "-j", "link", "show", "fb"], check=True, stdout=subprocess.PIPE).stdout)[0]["address"]
    cls.sink = free_udp_port()
    cls.nodes = {name: vnf.Vnf(name, fabric=f"if:f{name}", trust=str(cls.folder / "trust"), egress=f"udp:127.0.0.1:{cls.sink}")
                 for name in NAMES}

  def hop(self, name):
    data, peer = (int(self.nodes[name].ready[each].rpartition(":")[2]) for each in ("data", "peer"))
    return Hop(name, "127.0.0.1", data, peer)

  def traffic(self, result):
    return subprocess.Popen([vnf.LAUNCHER, "traffic", "--pcap", str(PACKETS), "--to", self.nodes["a"].ready["data"], "--sink",
                             f"127.0.0.1:{self.sink}", "--pps", "5000", "--seconds", "3", "--json", str(result)], stdout=subprocess.DEVNULL)

  def check(self, protocol):
    capture, result = (self.folder / f"{protocol}.{each}" for each in ("pcap", "json"))
    with Client("127.0.0.1", self.nodes["a"].port, password=vnf.PASSWORD) as nf, \
         subprocess.Popen(["tshark", "-q", "-i", "fb", "-f", "inbound", "-c", "200", "-F", "pcap", "-w", str(capture)],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as dump:
      try:
        dump.stderr.readline()  # it listens
        made = nf.service_chain("any", [self.hop("b"), self.hop("c")], name="web", protocol=protocol)
        self.assertEqual(protocol, made.protocol.rpartition(":")[2])
        trace = nf.trace_chain("web")
        self.assertTrue(trace.complete, trace)
        self.assertEqual(["a", "b", "c"], [each.nf for each in trace.hop])
        traffic = self.traffic(result)
        for hops in (("c",), ("b",), ("c", "b"), ("b", "c")):
          nf.service_chain_update("any", [self.hop(each) for each in hops], name="web", protocol=protocol)
        traffic.wait(120)
        found = json.loads(result.read_text())
        drops = self.drops()
        lost = found["lost"] - (drops["a"]["dropped-not-ip"] if protocol == "ip-in-ip" else 0)
        self.assertEqual((0, 0, 0), (lost, found["duplicated"], found["reordered"]), drops)
      finally:
        dump.terminate()
        if nf.chains():
          nf.remove_chain("web")
    frames = [each for each in (Ether(bytes(each)) for each in PcapReader(str(capture))) if each.type != 0x88B5]
    self.assertGreater(len(frames), 100)
    if protocol != "vlan":  # which leaves the addresses alone
      frames = [each for each in frames if each.dst == self.mac]  # the bridge floods
    self.assertGreater(len(frames), 20)
    wrong = [each.summary() for each in frames if not FRAMES[protocol](each)]
    self.assertEqual([], wrong)

  def drops(self):
    """What the instances dropped, by reason."""
    result = {}
    for name, node in self.nodes.items():
      with Client("127.0.0.1", node.port, password=vnf.PASSWORD) as nf:
        result[name] = {metric: value for metric, value in nf.query_metrics().items() if metric.startswith("dropped") and value}
    return result

  def test_protocols(self):
    with Client("127.0.0.1", self.nodes["a"].port, password=vnf.PASSWORD) as nf:
      self.assertEqual({"nsh-vxlan-gpe", *FRAMES}, set(nf.get_chaining_protocols()))
    for protocol in FRAMES:
      with self.subTest(protocol):
        self.check(protocol)


if __name__ == "__main__":
  unittest.main()
