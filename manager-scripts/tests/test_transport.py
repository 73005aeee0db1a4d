# SPDX-License-Identifier: Apache-2.0
"""How an instance is reached, changed while it runs and kept over a restart."""
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import unittest

try:
  from ncclient import manager
except ImportError:
  manager = None

LAUNCHER = os.environ.get("SOUTHBOUND_LAUNCHER")
NF = "urn:southbound:yang:southbound-nf"
PASSWORD = "transport-secret"


class Instance:
  """One run of an instance in a folder."""

  def __init__(self, home, *flags):
    self.process = subprocess.Popen([LAUNCHER, "run", "--home", home, *flags], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                    env={**os.environ, "SOUTHBOUND_ADMIN_PASSWORD": PASSWORD})
    self.ready = json.loads(self.process.stdout.readline())

  def port(self, name):
    return int(self.ready[name].rsplit(":", 1)[1])

  def connect(self, port=None):
    return manager.connect(host="127.0.0.1", port=port or self.port("netconf"), username="admin", password=PASSWORD, hostkey_verify=False,
                           allow_agent=False, look_for_keys=False, timeout=60)

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.process.terminate()
    self.process.wait(30)
    self.process.stdout.close()


def free():
  with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    return probe.getsockname()[1]


def edit(session, management):
  session.edit_config(target="running", config=f'<config><nf xmlns="{NF}"><management>{management}</management></nf></config>')


def restart_needed(session):
  seen = session.get(filter=("subtree", f'<nf xmlns="{NF}"><restart-needed/></nf>')).data_xml
  return ">true<" in seen


@unittest.skipUnless(LAUNCHER and manager, "SOUTHBOUND_LAUNCHER names no launcher, or ncclient is missing")
class TransportTest(unittest.TestCase):
  def test_ports_change_while_it_runs_and_stay(self):
    with tempfile.TemporaryDirectory() as home:
      ports = [word for name in ("netconf", "snmp", "data", "peer", "metrics", "tls") for word in (f"--{name}-port", "0")]
      netconf, snmp = free(), free()
      with Instance(home, *ports) as first:
        shown = subprocess.run(["openssl", "s_client", "-connect", first.ready["tls"]], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                               timeout=60).stdout
        self.assertIn("CN = vnf1", shown)
        with first.connect() as session:
          self.assertFalse(restart_needed(session))
          edit(session, f"<snmp><port>{snmp}</port></snmp>")
          self.assertTrue(restart_needed(session))
          edit(session, f"<netconf><port>{netconf}</port></netconf>")
          with first.connect(netconf) as other:
            self.assertTrue(restart_needed(other))
          self.assertTrue(session.connected)
      self.assertTrue((pathlib.Path(home) / "tls.pem").exists())
      with Instance(home) as second:
        self.assertEqual((netconf, snmp), (second.port("netconf"), second.port("snmp")))
        self.assertIn("tls", second.ready)
        with second.connect() as session:
          self.assertFalse(restart_needed(session))
      moved = free()
      with Instance(home, "--netconf-port", str(moved)) as third:  # for this run
        self.assertEqual(moved, third.port("netconf"))
      with Instance(home) as fourth:
        self.assertEqual(netconf, fourth.port("netconf"))


if __name__ == "__main__":
  unittest.main()
