# SPDX-License-Identifier: Apache-2.0
"""Stands in for the launcher's `run` and `traffic`: instances that answer as a chain would, without a packet.

What they share is in small JSON files beside the trust folder. SOUTHBOUND_FAKE_LOSES makes the traffic lose a packet.
"""
import argparse
import json
import os
import pathlib
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fake import FakeServer  # pylint: disable=wrong-import-position
from lxml import etree

from southbound import capture, snmp
from southbound.client import CHAIN, METRICS, NF, SPEC, STATE

JOB = "6f1c8a52-33f1-4a55-8d0e-0b6a1f0a7c{:02x}"
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
NAMES = ["packets-received", "packets-sent", "packets-dropped", "packets-held", "packets-generated", "flows", "processing-delay-p50",
         "processing-delay-p99"]
NOW = "2026-11-24T12:00:00Z"


class Shared:
  """JSON files that the processes of one run share, each written by one process at a time."""

  def __init__(self, folder):
    self.folder = pathlib.Path(folder)

  def read(self, name, default):
    try:
      return json.loads((self.folder / f"{name}.shared").read_text())
    except OSError:
      return default

  def write(self, name, value):
    fresh = self.folder / f"{name}.{os.getpid()}.{threading.get_ident()}.new"
    fresh.write_text(json.dumps(value))
    fresh.replace(self.folder / f"{name}.shared")


def element(parent, path):
  return parent.find("/".join(f"{{*}}{each}" for each in path.split("/")))


class FakeInstance:
  def __init__(self, args):
    self.args, self.shared, self.server = args, Shared(pathlib.Path(args.trust).parent), FakeServer()
    self.function, self.rules = b"", b""
    self.reports, self.sequence = [], 0
    for name in ("get-chaining-protocols", "get-variants", "service-chain", "service-chain-update", "trace-chain", "preview-scope", "get-state", "transfer",
                 "replicate", "take-over", "mark-last-in-transit", "query-metrics", "report-metrics", "get", "get-config", "edit-config"):
      self.server.answers[name] = getattr(self, name.replace("-", "_"))
    self.snmp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    self.snmp.bind(("127.0.0.1", 0))
    threading.Thread(target=self.serve_snmp, daemon=True).start()
    threading.Thread(target=self.send_reports, daemon=True).start()

  def ready(self):
    port = self.snmp.getsockname()[1]
    return {"ready": True, "name": self.args.name, "netconf": f"127.0.0.1:{self.server.port}", "snmp": f"127.0.0.1:{port}", "data": "127.0.0.1:4790",
            "peer": "127.0.0.1:4791", "metrics": "http://127.0.0.1:9464/metrics"}

  # ---- calls

  def get_chaining_protocols(self, _):
    return f'<protocol xmlns="{CHAIN}" xmlns:t="urn:southbound:yang:southbound-types">t:nsh-vxlan-gpe</protocol>'.encode()

  def get_variants(self, request):
    names = ("copy", "loss-free") if request[0].text.endswith("transfer") else ("interval",)
    return "".join(f'<variant xmlns="{STATE}"><name>{name}</name><performance>1</performance><accuracy>2</accuracy><resource>3</resource></variant>'
                   for name in names).encode()

  def service_chain(self, request):
    generation = self.shared.read("generation", 0) + 1
    self.shared.write("generation", generation)
    self.shared.write("hops", [each.text for each in request.iter(f"{{{CHAIN}}}nf")])
    return f'<name xmlns="{CHAIN}">demo</name><generation xmlns="{CHAIN}">{generation}</generation>'.encode()

  service_chain_update = service_chain

  def trace_chain(self, _):
    hops = "".join(f'<hop xmlns="{CHAIN}"><direction>forward</direction><position>{position}</position><nf>{name}</nf><delay>40000</delay></hop>'
                   for position, name in enumerate(self.shared.read("hops", []), 1))
    return f'<name xmlns="{CHAIN}">demo</name><generation xmlns="{CHAIN}">1</generation><complete xmlns="{CHAIN}">true</complete>{hops}'.encode()

  def owner(self):
    return self.shared.read("owner", ["fw1", 1])

  def preview_scope(self, _):
    mine = self.owner()[0] == self.args.name
    return (f'<flows xmlns="{STATE}">{600 if mine else 0}</flows><octets xmlns="{STATE}">76800</octets>'
            f'<owned xmlns="{STATE}">{str(mine).lower()}</owned>').encode()

  def get_state(self, _):
    return "".join(f'<record xmlns="{STATE}"><schema>connection</schema><key>6 192.0.2.1 {port} 198.51.100.1 80 0</key>'
                   f'<kind>per-flow</kind><field><name>state</name><value>4</value></field></record>' for port in range(1024, 1624)).encode()

  def ended(self, job, kind, state="complete"):
    return (f"<id>{job}</id><kind>{kind}</kind><state>{state}</state><flows-total>600</flows-total><flows-done>600</flows-done><octets>76800</octets>"
            f"<pause>4100000</pause><epoch>{self.owner()[1]}</epoch><started>{NOW}</started><ended>2026-11-24T12:00:00.025Z</ended>")

  def finish(self, job, kind, state="complete"):
    self.shared.write(f"job-{self.args.name}", self.ended(job, kind, state))
    self.server.notify_later(f'<operation-complete xmlns="{STATE}">{self.ended(job, kind, state)}</operation-complete>'.encode())
    return f'<job xmlns="{STATE}">{job}</job>'.encode()

  def transfer(self, _):
    self.shared.write("owner", ["fw2", 2])
    return self.finish(JOB.format(1), "transfer")

  def replicate(self, _):
    return self.finish(JOB.format(2), "replicate", "standby")

  def take_over(self, _):
    self.shared.write("owner", ["fw1", 3])
    return self.finish(JOB.format(3), "take-over") + f'<epoch xmlns="{STATE}">3</epoch>'.encode()

  def mark_last_in_transit(self, _):
    self.shared.write("mark", JOB.format(9))
    return f'<marker xmlns="{STATE}">{JOB.format(9)}</marker><label xmlns="{STATE}">77</label>'.encode()

  # ---- metrics

  def values(self):
    count = self.shared.read("counters", {}).get(self.args.name, 0)
    return dict(zip(NAMES, (count, count, 0, 0, 0, 600, 900, 2500)))

  def listed(self, chosen=()):
    return "".join(f'<metric xmlns="{METRICS}"><name>{name}</name><value>{value}</value></metric>' for name, value in self.values().items()
                   if not chosen or name in chosen).encode()

  def query_metrics(self, request):
    return self.listed([each.text for each in request.iter(f"{{{METRICS}}}name")])

  def report_metrics(self, _):
    self.reports.append(len(self.reports) + 1)
    return f'<id xmlns="{METRICS}">{self.reports[-1]}</id>'.encode()

  def send_reports(self):
    marked = None
    while True:
      threading.Event().wait(0.2)
      for report in list(self.reports):
        self.sequence += 1
        self.server.notify(f'<metric-report xmlns="{METRICS}"><id>{report}</id><sequence>{self.sequence}</sequence>'.encode() + self.listed() + b"</metric-report>")
      mark = self.shared.read("mark", None)
      if self.args.name == "fw1" and mark != marked:
        marked = mark
        self.server.notify(f'<last-in-transit-seen xmlns="{STATE}"><marker>{mark}</marker></last-in-transit-seen>'.encode())

  def serve_snmp(self):
    while True:
      data, sender = self.snmp.recvfrom(65535)
      fields = snmp.elements(snmp.elements(snmp.decode(data)[1])[2][1])
      asked = snmp.decode_oid(snmp.elements(snmp.elements(fields[3][1])[0][1])[0][1])
      entry = snmp.ROOT + (1, 1, 1)
      cells = {}
      for index, (name, value) in enumerate(self.values().items(), 1):
        cells[entry + (2, index)], cells[entry + (5, index)] = name.encode(), str(value).encode()
      following = min((oid for oid in cells if oid > asked), default=None)
      value = snmp.encode(snmp.END_OF_VIEW, b"") if following is None else snmp.encode(snmp.OCTETS, cells[following])
      binding = snmp.encode(snmp.SEQUENCE, snmp.encode(snmp.SEQUENCE, snmp.encode_oid(following or asked) + value))
      answer = snmp.encode(snmp.RESPONSE, snmp.encode(*fields[0]) + snmp.encode_integer(0) * 2 + binding)
      self.snmp.sendto(snmp.encode(snmp.SEQUENCE, snmp.encode_integer(1) + snmp.encode(snmp.OCTETS, b"public") + answer), sender)

  # ---- data

  def edit_config(self, request):
    function = element(request, "config/nf/function")
    if function is not None:
      self.function = etree.tostring(function)
    if element(request, "config/translations") is not None:
      self.rules = etree.tostring(element(request, "config/translations"))
    return b"<ok/>"

  def get_config(self, _):
    return f'<data><nf xmlns="{NF}">'.encode() + self.function + b"</nf></data>"

  def get(self, request):
    top = element(request, "filter")[0]
    name, below = etree.QName(top).localname, top[0] if len(top) else None
    return b"<data>" + getattr(self, "data_" + name.replace("-", "_"))(below) + b"</data>"

  def data_specification(self, _):
    metrics = "".join(f"<metric><name>{name}</name><index>{index}</index><kind>counter</kind></metric>" for index, name in enumerate(NAMES, 1))
    return (f'<specification xmlns="{SPEC}"><context><type>traffic-class</type><role>produces</role></context>{metrics}<operation>'
            "<operation>transfer</operation></operation><state><schema>flow</schema><version>1</version><kind>per-flow</kind></state></specification>").encode()

  def data_chains(self, below):
    if etree.QName(below).localname == "path":
      return f'<chains xmlns="{CHAIN}"><path><id>1</id></path></chains>'.encode()
    return f'<chains xmlns="{CHAIN}"><chain><name>demo</name><precedence>1</precedence><state><oper-status>up</oper-status></state></chain></chains>'.encode()

  def data_translations(self, _):
    return self.rules.replace(b"</rule>", b"<hits>900</hits></rule>").replace(b"</label>", b"</label>")

  def data_nf(self, _):
    return f'<nf xmlns="{NF}"><function><firewall><rule><name>web-by-label</name><packets>900</packets></rule></firewall></function></nf>'.encode()

  def data_state_operations(self, below):
    owner, epoch = self.owner()
    if etree.QName(below).localname == "ownership":
      role = "active" if owner == self.args.name else "forwarding"
      content = f"<ownership><id>1</id><owner>{owner}</owner><epoch>{epoch}</epoch><role>{role}</role></ownership>"
    else:
      content = f"<job>{self.shared.read(f'job-{self.args.name}', '')}</job>"
    return f'<state-operations xmlns="{STATE}">{content}</state-operations>'.encode()

  def data_replication(self, _):
    return (f'<replication xmlns="{STATE}"><relationship><id>{JOB.format(2)}</id><role>source</role><status>in-step</status><in-step>true</in-step>'
            "<updates>50</updates></relationship></replication>").encode()


def run(args):
  instance = FakeInstance(args)
  print("a line of the log")
  print(json.dumps(instance.ready()), flush=True)
  ended = threading.Event()
  signal.signal(signal.SIGTERM, lambda *_: ended.set())
  ended.wait()


def traffic(args):
  shared = Shared(pathlib.Path(args.json).parent)
  packets = len(capture.records(capture.open_pcap(args.pcap))[1])
  sent, begun = 0, time.monotonic()
  counters = shared.read("counters", {})
  while sent < packets:
    threading.Event().wait(0.02)
    more = min(int((time.monotonic() - begun) * args.pps), packets) - sent
    sent += more
    for name in ["mon1"] + [shared.read("owner", ["fw1", 1])[0] if each == "fw1" else each for each in shared.read("hops", [])]:
      counters[name] = counters.get(name, 0) + more
    shared.write("counters", counters)
  lost = 1 if os.environ.get("SOUTHBOUND_FAKE_LOSES") else 0
  pathlib.Path(args.json).write_text(json.dumps({"sent": sent, "received": sent - lost, "lost": lost, "duplicated": 0, "reordered": 0,
                                                 "latency_us": {"p50": 200, "p99": 900, "max": 4000}}))


def main():
  parser = argparse.ArgumentParser()
  commands = parser.add_subparsers(dest="command", required=True)
  one = commands.add_parser("run")
  for name in ("name", "nf", "home", "trust", "egress", "netconf-port", "snmp-port", "data-port", "peer-port", "metrics-port"):
    one.add_argument(f"--{name}", required=True)
  two = commands.add_parser("traffic")
  for name in ("pcap", "to", "sink", "json"):
    two.add_argument(f"--{name}", required=True)
  two.add_argument("--pps", type=int, required=True)
  two.add_argument("--loop", type=int, required=True)
  args = parser.parse_args()
  (run if args.command == "run" else traffic)(args)


if __name__ == "__main__":
  main()
