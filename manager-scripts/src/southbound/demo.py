# SPDX-License-Identifier: Apache-2.0
"""Runs a chain of VNF instances on captured traffic, calls the whole API on it over NETCONF, and checks what happens.

    traffic -> mon1 (monitor) -> fw1 (firewall) -> fw3 (firewall) -> traffic's sink
                                 fw2 (firewall), to which the live flows of fw1 are moved
                                                    mon2 (monitor), which joins the chain for a while

Everything runs on this machine's loopback, as the user who calls it, with free ports and a temporary folder.
"""
import json
import pathlib
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import capture, report, snmp, xml
from .client import NF, Client, Job, Notifications, Reports, parse_time
from .errors import OperationFailed, SouthboundError
from .instances import Instance, ProcessFailed, Traffic, find_launcher, free_udp_port, split
from .scope import Hop, Scope
from .usage import Parser, complain, program

INSTANCES = (("mon1", "monitor"), ("fw1", "firewall"), ("fw3", "firewall"), ("fw2", "firewall"), ("mon2", "monitor"))
CHAIN_NAME = "demo"
EVERYTHING = "any"
WEB_LABEL = 21
# Steps without which the rest makes no sense.
NEEDED = ("start", "rules by edit-config", "label rule", "serviceChain", "notifications, reports", "traffic", "transfer")
LEAST_PACKETS, LEAST_FLOWS = 20_000, 500
FIREWALLS = ("fw1", "fw2", "fw3")
# Part of the capture after which its connections are open, and before which they are not yet closed.
MOVE_AFTER, SHORT_PPS_FACTOR = 0.4, 2
COMMON = ("packets-received", "packets-generated", "packets-sent", "packets-dropped", "packets-held")
SAMPLED = (*COMMON, "flows", "processing-delay-p50", "processing-delay-p99")
# Ports that the monitor calls web: they pass the firewall by their label only.
WEB_PORTS = (80, 443, 8080, 8443)
CLIENTS = ("192.0.2.0/24", "198.18.0.0/15", "2001:db8:1::/48")


class StepFailed(Exception):
  """What was seen is not what must be."""


def check(condition: Any, message: str):
  if not condition:
    raise StepFailed(message)


def rules() -> Dict[str, Any]:
  """The firewall's configuration: clients open flows, web by its label, all else by port; nothing else passes."""
  found: List[Dict[str, Any]] = [{"name": "web-by-label", "match": {"label": WEB_LABEL}, "action": "accept"}]

  def accept(name, **fields):
    found.append({"name": name, "match": {"scope": Scope("forward", **fields).data()}, "action": "accept"})

  edges = [0, *WEB_PORTS, 65536]
  for index, source in enumerate(CLIENTS, 1):
    for low, high in zip(edges, edges[1:]):
      accept(f"tcp-{low + 1}-{index}", protocol=6, source=source, destination_ports=(low + 1, high - 1))
    accept(f"udp-{index}", protocol=17, source=source)
    accept(f"icmp-{index}", protocol=58 if ":" in source else 1, source=source)
  return {"default-action": "drop", "rule": found}


def unbalanced(values: Dict[str, int]) -> int:
  """received + generated - sent - dropped - held, which is 0 when every packet is accounted for."""
  return (values["packets-received"] + values["packets-generated"] - values["packets-sent"] - values["packets-dropped"]
          - values["packets-held"])


def state_differences(expected: Dict[str, Dict[str, Any]], found: Dict[str, Dict[str, Any]], ignore: Tuple[str, ...] = ()) -> List[str]:
  """Records by key, compared field by field: what differs, in words."""
  differences = [f"{key} is missing" for key in expected if key not in found]
  differences += [f"{key} is not expected" for key in found if key not in expected]
  for key in expected.keys() & found.keys():
    for field in sorted(expected[key].keys() | found[key].keys()):
      mine, other = expected[key].get(field), found[key].get(field)
      if field not in ignore and mine != other:
        differences.append(f"{key}: {field} is {other}, not {mine}")
  return sorted(differences)


class Watcher:
  """Follows an instance on two sessions of its own: its notifications, and its metrics four times a second."""

  def __init__(self, instance: Instance):
    self.name = instance.name
    self.samples: List[Tuple[float, Dict[str, int]]] = []
    self.events: List[Any] = []
    self._ended = threading.Event()
    self._notifications: Notifications = instance.client().notifications()
    self._reports: Reports = instance.client().report_metrics(period=250)
    self._threads = [threading.Thread(target=each, daemon=True) for each in (self._follow_events, self._follow_reports)]
    for each in self._threads:
      each.start()

  def _follow_events(self):
    while not self._ended.is_set():
      try:
        event = self._notifications.take(0.5)
      except SouthboundError:
        return  # the instance has ended
      if event:
        self.events.append(event)

  def _follow_reports(self):
    while not self._ended.is_set():
      try:
        found = self._reports.take(0.5)
      except SouthboundError:
        return  # the instance has ended
      if found:
        self.samples.append((found.time.timestamp(), found.values))

  def close(self):
    self._ended.set()
    for each in self._threads:
      each.join(5)
    self._notifications.close()
    self._reports.close()

  def wait_for(self, condition: Callable[[Any], bool], timeout: float):
    """The first notification, also of those that have come already, that meets the condition; None if none does."""
    deadline = time.monotonic() + timeout
    while True:
      found = next((each for each in list(self.events) if condition(each)), None)
      if found or time.monotonic() > deadline:
        return found
      self._ended.wait(0.05)


class Demo:
  def __init__(self, args):
    self.args = args
    self.launcher = find_launcher()
    self.source = pathlib.Path(args.capture) if args.capture else (
        pathlib.Path(self.launcher).resolve().parent / "vnf" / "src" / "main" / "traffic" / "mixed.pcap.gz")
    self.folder = pathlib.Path(tempfile.mkdtemp(prefix="southbound-demo-"))
    self.password = secrets.token_urlsafe(18)
    self.sink = f"127.0.0.1:{free_udp_port()}"
    self.instances: Dict[str, Instance] = {}
    self.clients: Dict[str, Client] = {}
    self.watchers: Dict[str, Watcher] = {}
    self.traffic: Optional[Traffic] = None
    self.steps: List[Dict[str, Any]] = []
    self.totals = {"packets": 0, "flows": 0, "lost": 0, "duplicated": 0, "reordered": 0}
    self.transfer: Dict[str, Any] = {"variant": "loss-free", "flows": 0, "lost": 0, "millis": 0.0}
    self.runs: List[Tuple[str, Dict[str, Any]]] = []
    self.marks: List[Tuple[float, str]] = []  # moments for the plots
    self.job: Optional[Job] = None
    self.job_states: List[Tuple[float, str]] = []
    self.relationship: Optional[str] = None
    self.generation = 0
    self.began = time.time()
    self._shown = 0.0

  # ---- what is shown

  def progress(self, text: str):
    """A line that the next one replaces; where there is no terminal, a line every few seconds."""
    if sys.stderr.isatty():
      print(f"\r\033[K      {text}", end="", file=sys.stderr, flush=True)
    elif time.monotonic() - self._shown > 5:
      self._shown = time.monotonic()
      print(f"      {text}", file=sys.stderr, flush=True)

  def step(self, name: str, run: Callable[[], str]) -> bool:
    """Runs a step and notes how it went. False if there is no use in going on."""
    begun = time.monotonic()
    self._shown = begun
    ok = True
    try:
      detail = run()
    except (StepFailed, SouthboundError, ProcessFailed, snmp.SnmpError, OSError, ValueError) as error:
      ok, detail = False, str(error) or type(error).__name__
    except (LookupError, TypeError, AttributeError) as error:
      ok, detail = False, f"an answer lacks what the API has: {error!r}"
    if sys.stderr.isatty():
      print("\r\033[K", end="", file=sys.stderr, flush=True)
    self.steps.append({"name": name, "ok": ok, "detail": detail})
    print(f"{'ok' if ok else 'FAILED':<6}  {name:<22}  {time.monotonic() - begun:6.2f} s  {detail}", flush=True)
    return ok or name not in NEEDED

  def mark(self, text: str):
    self.marks.append((time.time(), text))

  # ---- steps, in this order

  def all_steps(self) -> List[Tuple[str, Callable[[], str]]]:
    return [("start", self.start), ("getChainingProtocols", self.protocols), ("specification", self.specification),
            ("getVariants", self.variants), ("rules by edit-config", self.configure), ("label rule", self.translate),
            ("serviceChain", self.chain), ("traceChain", self.trace), ("notifications, reports", self.watch),
            ("traffic", self.start_traffic), ("previewScope", self.preview), ("transfer", self.move), ("traffic through 3 hops", self.end_traffic),
            ("accounting", self.account), ("state", self.verify_state), ("labels", self.verify_labels), ("queryMetrics", self.metrics),
            ("SNMP equals NETCONF", self.compare_snmp), ("replicate", self.replicate), ("take-over", self.take_over),
            ("serviceChainUpdate", self.update), ("markLastInTransit", self.mark_last), ("reportMetrics", self.reports),
            ("accounting at the end", self.account)]

  def start(self):
    if not self.source.is_file():
      raise StepFailed(f"no capture {self.source}: give --capture FILE")
    trust = self.folder / "trust"
    for index, (name, nf) in enumerate(INSTANCES):
      self.progress(f"starting {name}")
      self.instances[name] = Instance(self.launcher, name, nf, self.folder, trust, f"udp:{self.sink}", self.password)
      if index == 0:
        self.instances[name].wait_ready()  # it makes the certificate authority that the others share
    for name, instance in self.instances.items():
      self.progress(f"waiting for {name}")
      if not instance.ready:
        instance.wait_ready()
      self.clients[name] = instance.client()
      self.clients[name].connect()
    return ", ".join(f"{each.name} ({each.nf}) at {each.ready['netconf']}" for each in self.instances.values())

  def protocols(self):
    found = {name: client.get_chaining_protocols() for name, client in self.clients.items()}
    common = [each for each in found["mon1"] if all(each in others for others in found.values())]
    check(common, f"no protocol in common: {found}")
    return "in common: " + ", ".join(common)

  def specification(self):
    details = []
    for name in ("mon1", "fw1"):
      document = self.clients[name].specification()
      for part in ("context", "metric", "operation", "state"):
        check(document.get(part), f"the specification of {name} has no {part}")
      names = {each["name"] for each in document["metric"]}
      check(names >= {*COMMON, "flows"}, f"the specification of {name} lacks {', '.join(sorted({*COMMON, 'flows'} - names))}")
      details.append(f"{name}: {len(document['context'])} labels' contexts, {len(names)} metrics, {len(document['state'])} kinds of records")
    return "; ".join(details)

  def variants(self):
    moves, copies = self.clients["fw1"].get_variants("transfer"), self.clients["fw1"].get_variants("replicate")
    check("loss-free" in moves and "copy" in moves, f"transfer has {', '.join(moves) or 'no variant'}")
    check("interval" in copies, f"replicate has {', '.join(copies) or 'no variant'}")
    numbers = [f"{name} {'/'.join(map(str, each))}" for name, each in {**moves, **copies}.items()]
    return "performance/accuracy/resource: " + ", ".join(numbers)

  def configure(self):
    config = rules()
    for name in FIREWALLS:
      self.clients[name].edit_config(xml.element(NF, "nf", {"function": {"firewall": config}}))
      running = self.clients[name].converter.plain(None, self.clients[name].get_config("running", xml.element(NF, "nf", {"function": xml.EMPTY})))
      stored = [each["name"] for each in running["nf"]["function"]["firewall"]["rule"]]
      check(stored == [each["name"] for each in config["rule"]], f"{name} has the rules {stored}")
    return f"{len(config['rule'])} rules on each firewall: validated, committed, read back"

  def translate(self):
    nf = self.clients["mon1"]
    nf.set_translation("web", "traffic-class", "web", WEB_LABEL)
    check([(each.context_value, each.label) for each in nf.translations()] == [("web", WEB_LABEL)], "the rule is not stored")
    return f"mon1 turns traffic-class = web into label {WEB_LABEL}; the firewalls let web pass by that label only"

  def hops(self, *names: str) -> List[Hop]:
    return [self.instances[each].hop for each in names]

  def chain(self):
    result = self.clients["mon1"].service_chain(EVERYTHING, self.hops("fw1", "fw3"), name=CHAIN_NAME)
    self.generation = result.generation
    status = next(each for each in self.clients["mon1"].chains() if each.name == CHAIN_NAME)
    check(status.oper_status == "up", f"the chain is {status.oper_status}: {status.last_error}")
    for name in ("fw1", "fw3"):
      check(self.clients[name].paths(), f"{name} has no path")
    return f"mon1 -> fw1 -> fw3, {result.protocol}, generation {result.generation}, path identifier {status.spi}"

  def trace(self):
    trace = self.clients["mon1"].trace_chain(CHAIN_NAME, probes=3)
    met = [each.nf for each in sorted(trace.hop, key=lambda each: each.position) if each.position > 0]
    check(trace.complete and met == ["fw1", "fw3"], f"the probes met {met}, complete: {trace.complete}")
    return ", ".join(f"{each.nf} after {each.delay / 1000:.0f} us" for each in trace.hop if each.position > 0 and each.delay is not None) or "complete"

  def watch(self):
    for name, instance in self.instances.items():
      self.watchers[name] = Watcher(instance)
    return "subscribed on every instance; metrics every 250 ms"

  def send(self, name: str, shift: int, pps: int) -> capture.Facts:
    """Starts traffic whose clients have addresses of their own."""
    pcap = self.folder / f"{name}.pcap"
    facts = capture.prepare(str(self.source), str(pcap), shift)
    self.traffic = Traffic(self.launcher, pcap, self.instances["mon1"].ready["data"], self.sink, pps, self.folder, name)
    self.mark(f"traffic {name}")
    return facts

  def start_traffic(self):
    before = self.received_before = self.clients["mon1"].query_metrics(["packets-received"])["packets-received"]
    self.facts = self.send("main", 0, self.args.pps)
    check(self.facts.packets >= LEAST_PACKETS and self.facts.flows >= LEAST_FLOWS,
          f"the capture has only {self.facts.packets} packets and {self.facts.flows} flows")
    self.until(lambda: self.clients["mon1"].query_metrics(["packets-received"])["packets-received"] > before + 10, 30, "no traffic arrives at mon1")
    return f"{self.facts.packets} captured packets of {self.facts.flows} flows, {self.args.pps} a second"

  def until(self, condition: Callable[[], bool], timeout: float, message: str):
    """Waits for the condition; fails with the message when it does not come."""
    deadline = time.monotonic() + timeout
    while not condition():
      check(time.monotonic() < deadline, message)
      threading.Event().wait(0.1)

  def preview(self):
    """Waits until enough flows are open, then asks how many would move."""
    due = self.received_before + int(self.facts.packets * MOVE_AFTER)
    while self.traffic.running:
      received = self.clients["mon1"].query_metrics(["packets-received"])["packets-received"]
      if received >= due:
        break
      self.progress(f"traffic: {received - self.received_before} packets so far")
      threading.Event().wait(0.2)
    found = self.clients["fw1"].preview_scope(EVERYTHING)
    check(found.owned, "fw1 does not own the scope")
    check(found.flows >= LEAST_FLOWS, f"fw1 has only {found.flows} flows")
    return f"{found.flows} flows, {found.octets} octets of state in " + ", ".join(f"{each.records} x {each.schema}" for each in found.schema)

  def move(self):
    check(self.traffic.running, "the traffic ended before the transfer; give a lower --pps")
    nf = self.clients["fw1"]
    self.mark("transfer")
    job = nf.transfer(self.instances["fw2"].hop, EVERYTHING, "loss-free", client_token="demo-transfer")
    try:
      self.job = nf.wait(job, 60, self.follow)
    except OperationFailed as error:
      raise StepFailed(str(error)) from error
    self.mark("moved")
    check(self.traffic.running, "the traffic ended before the transfer did")
    self.transfer.update(flows=self.job.flows_done, millis=round(self.job.millis or 0.0, 3))
    check(self.job.state == "complete", f"the job is {self.job.state}")
    check(self.job.flows_done >= LEAST_FLOWS, f"only {self.job.flows_done} flows were moved")
    changed = self.watchers["fw1"].wait_for(lambda each: each.name == "operation-complete" and each.data.get("id") == job, 10)
    check(changed, "no notification operation-complete came")
    pause = f", no flow waited longer than {self.job.pause / 1e6:.2f} ms" if self.job.pause else ""
    return f"{self.job.flows_done} live flows, {self.job.octets} octets, fw1 to fw2 in {self.transfer['millis']:.1f} ms{pause}"

  def follow(self, job: Job):
    if not self.job_states or self.job_states[-1][1] != job.state:
      self.job_states.append((time.time(), job.state or ""))
    self.progress(f"transfer: {job.state}, {job.flows_done} of {job.flows_total} flows")

  def drain(self, name: str, facts: capture.Facts, pps: int) -> Dict[str, Any]:
    """Waits for the traffic's end; what became of it."""
    limit = time.monotonic() + facts.packets / pps * 2 + 60
    while self.traffic.running and time.monotonic() < limit:
      self.progress(f"traffic: {self.clients['mon1'].query_metrics(['packets-received'])['packets-received']} packets so far")
      threading.Event().wait(0.5)
    result = self.traffic.result(5)
    self.mark(f"{name} ends")
    self.runs.append((name, result))
    check(result["sent"] == facts.packets, f"{result['sent']} packets were sent, not {facts.packets}")
    return result

  def count(self, result: Dict[str, Any]):
    for each in ("lost", "duplicated", "reordered"):
      self.totals[each] += result[each]

  def end_traffic(self):
    result = self.drain("main", self.facts, self.args.pps)
    self.count(result)
    self.totals.update(packets=result["received"], flows=self.facts.flows)
    self.transfer["lost"] = result["lost"]
    latency = result.get("latency_us", {})
    detail = (f"sent {result['sent']}, received {result['received']}, lost {result['lost']}, duplicated {result['duplicated']}, reordered "
              f"{result['reordered']}; latency p50 {latency.get('p50')} us, p99 {latency.get('p99')} us")
    check(result["lost"] == result["duplicated"] == 0, detail)
    check(result["received"] >= LEAST_PACKETS, f"only {result['received']} packets arrived")
    values = {name: client.query_metrics(["packets-received"])["packets-received"] for name, client in self.clients.items()}
    check(values["mon1"] >= LEAST_PACKETS and values["fw3"] >= LEAST_PACKETS and values["fw1"] + values["fw2"] >= LEAST_PACKETS,
          f"not every hop saw the packets: {values}")
    check(values["fw1"] > 0 and values["fw2"] > 0, f"one firewall saw no traffic: {values}")
    return detail

  def account(self):
    """Every packet that came or was made was sent, dropped or is held, on each instance."""
    details = []
    for name, client in self.clients.items():
      values: Dict[str, int] = {}

      def balanced(client=client, values=values):
        values.update(client.query_metrics(list(COMMON)))
        return unbalanced(values) == 0

      self.until(balanced, 5, f"{name} does not account for {unbalanced(values) if values else '?'} packets: {values}")
      details.append(f"{name} {values['packets-received']}+{values['packets-generated']}={values['packets-sent']}+{values['packets-dropped']}"
                     f"+{values['packets-held']}")
    return "received+generated=sent+dropped+held: " + ", ".join(details)

  def verify_state(self):
    """The destination has all the state and the source none; each owns what it should."""
    source, destination = self.clients["fw1"].preview_scope(EVERYTHING), self.clients["fw2"].preview_scope(EVERYTHING)
    check(not source.owned, "fw1 still owns the scope")
    check(destination.owned, "fw2 does not own the scope")
    check(self.job and self.job.flows_done >= LEAST_FLOWS, f"only {self.job and self.job.flows_done} live flows were moved")
    owner = [each for each in self.clients["fw2"].ownerships() if each.role == "active"]
    check(owner and owner[0].epoch == self.job.epoch, "fw2 is not active with the transfer's epoch")
    denied = self.clients["fw2"].query_metrics(["packets-dropped"])["packets-dropped"]
    check(denied == 0, f"fw2 dropped {denied} packets: it lacked state of flows that were moved")
    compared = self.compare_state("fw2", "fw3")
    return (f"fw2 owns the scope with epoch {owner[0].epoch} and dropped nothing; {compared} connections are field by field as on fw3, "
            "which saw the same packets and moved nothing")

  def compare_state(self, name: str, reference: str) -> int:
    """Every connection of one firewall is, field by field, as on another that saw the same packets; returns how many."""
    before = self.clients[name].get_state(EVERYTHING, limit=100_000)
    expected = self.clients[reference].get_state(EVERYTHING, limit=100_000)
    after = self.clients[name].get_state(EVERYTHING, limit=100_000)
    # A connection that ended may be forgotten a moment earlier here than there.
    both = [key for key in before if key in after and key in expected]
    missing = [key for key in expected if key not in before]
    extra = [key for key in after if key not in expected]
    check(len(missing) + len(extra) <= len(both) // 50, f"{name} lacks {len(missing)} connections of {reference}, and has {len(extra)} others")
    differences = state_differences({key: expected[key] for key in both}, {key: before[key] for key in both})
    check(not differences, f"{len(differences)} fields differ, such as {differences[:1]}")
    check(len(both) >= LEAST_FLOWS, f"only {len(both)} connections are left to compare")
    return len(both)

  def verify_labels(self):
    hits = sum(each.hits for each in self.clients["mon1"].translations())
    check(hits > 0, "mon1 marked no packet")
    details = []
    for name in ("fw1", "fw2"):
      found = self.clients[name].read(NF, "nf", {"function": {"firewall": {"rule": {"name": "web-by-label"}}}})
      packets = found["function"]["firewall"]["rule"][0].get("packets", 0)
      details.append((name, packets))
    check(any(packets for _, packets in details), f"no firewall decided by the label: {details}")
    return f"mon1 marked {hits} packets; by the label " + ", ".join(f"{name} let {packets} pass" for name, packets in details)

  def metrics(self):
    values = self.clients["fw2"].query_metrics()
    missing = [each for each in SAMPLED if each not in values]
    check(not missing, f"fw2 lacks {', '.join(missing)}")
    return (f"{len(values)} on fw2, such as flows {values['flows']}, processing delay p50 {values['processing-delay-p50']} ns, "
            f"p99 {values['processing-delay-p99']} ns")

  def compare_snmp(self):
    """Reads by NETCONF, SNMP and NETCONF again: what stood still between must be equal in all three."""
    details = []
    for name, client in self.clients.items():
      for attempt in range(10):
        before = client.query_metrics()
        with snmp.Agent(*split(self.instances[name].ready["snmp"])) as agent:
          table = agent.metrics()
        after = client.query_metrics()
        still = [each for each in before if before[each] == after.get(each)]
        different = [f"{each}: NETCONF {before[each]}, SNMP {table.get(each)}" for each in still if table.get(each) != before[each]]
        if not different and all(each in still for each in (*COMMON, "flows")):
          break
        threading.Event().wait(0.2)
      else:
        raise StepFailed(f"{name}: " + ("; ".join(different) or "the counters do not stand still"))
      details.append(f"{name} {len(still)}")
    return "equal metrics: " + ", ".join(details)

  def replicate(self):
    """fw2, which owns the flows now, keeps fw1 as its standby."""
    nf = self.clients["fw2"]
    self.relationship = nf.replicate(self.instances["fw1"].hop, EVERYTHING, "interval", options={"interval": 2000})
    nf.wait(self.relationship, 30)
    self.mark("replicate")
    self.facts_standby = self.send("standby", 1, self.args.pps * SHORT_PPS_FACTOR)
    self.until(lambda: any(each.in_step and each.updates > 10 for each in nf.replications()), 15, "the standby does not get in step")
    found = next(each for each in nf.replications() if each.id == self.relationship)
    return f"fw1 stands by for fw2, every 2 ms: {found.status}, {found.updates} updates, {found.octets} octets, lag {found.lag} packets"

  def take_over(self):
    check(self.relationship, "nothing is replicated")
    nf = self.clients["fw1"]
    before = nf.query_metrics(["packets-received"])["packets-received"]
    taken = nf.take_over(self.relationship)
    done = nf.wait(taken.job, 30)
    self.mark("take-over")
    check(done.state == "complete", f"the job is {done.state}")
    check(self.job is None or taken.epoch > (self.job.epoch or 0), f"the epoch is {taken.epoch}, not above {self.job and self.job.epoch}")
    result = self.drain("standby", self.facts_standby, self.args.pps * SHORT_PPS_FACTOR)
    through = nf.query_metrics(["packets-received"])["packets-received"] - before
    check(through > 0, "no packet comes to fw1 after it took over")
    roles = [each.role for each in self.clients["fw2"].ownerships()]
    check("active" not in roles, f"fw2 still is {roles}")
    return (f"fw1 is active with epoch {taken.epoch}, fw2 is fenced; {through} packets since; lost {result['lost']} of {result['sent']} "
            "(interval may lose what passed since the last update)")

  def update(self):
    """Puts mon2 into the chain and takes it out again, while traffic runs."""
    nf, late = self.clients["mon1"], self.clients["mon2"]
    facts = self.send("update", 2, self.args.pps * SHORT_PPS_FACTOR)
    received = "packets-received"
    start = nf.query_metrics([received])[received]
    self.until(lambda: nf.query_metrics([received])[received] > start + 1000, 30, "no traffic arrives at mon1")
    longer = nf.service_chain_update(EVERYTHING, self.hops("fw1", "fw3", "mon2"), name=CHAIN_NAME)
    self.mark("with mon2")
    self.until(lambda: late.query_metrics([received])[received] > 0, 10, "no packet comes to mon2 after the update")
    short = nf.service_chain_update(EVERYTHING, self.hops("fw1", "fw3"), name=CHAIN_NAME, if_generation=longer.generation)
    self.mark("without mon2")
    self.until(lambda: late.query_metrics([received]) == (threading.Event().wait(0.3), late.query_metrics([received]))[1], 10,
               "packets still come to mon2 after the second update")
    result = self.drain("update", facts, self.args.pps * SHORT_PPS_FACTOR)
    self.count(result)
    detail = (f"mon2 put in (generation {longer.generation}) and taken out ({short.generation}) under traffic: sent {result['sent']}, lost "
              f"{result['lost']}, duplicated {result['duplicated']}")
    check(short.generation > longer.generation > self.generation, f"generations {self.generation}, {longer.generation}, {short.generation} do not rise")
    check(result["lost"] == result["duplicated"] == 0, detail)
    return detail

  def mark_last(self):
    mark = self.clients["mon1"].mark_last_in_transit(self.instances["fw1"].hop, EVERYTHING, timeout=500)
    seen = self.watchers["fw1"].wait_for(lambda each: each.name == "last-in-transit-seen" and each.data.get("marker") == mark.marker, 10)
    check(seen, f"fw1 has not seen the mark {mark.marker}")
    return f"fw1 saw the mark (label {mark.label}) of mon1" + (", on a packet made for it" if seen.data.get("synthetic") else "")

  def reports(self):
    details = []
    for name, watcher in self.watchers.items():
      check(len(watcher.samples) > 5, f"{name} sent {len(watcher.samples)} reports")
      details.append(f"{name} {len(watcher.samples)}")
    with self.clients["mon1"].report_metrics(period=200, metrics=["packets-received"]) as found:
      check(found.take(10), "no report came within 10 s")
    return "reports: " + ", ".join(details)

  # ---- the whole

  def run(self) -> bool:
    try:
      for name, run in self.all_steps():
        if not self.step(name, run):
          break
    finally:
      for watcher in self.watchers.values():
        watcher.close()
      if self.traffic and self.traffic.running:
        self.traffic.stop()
    return bool(self.steps) and len(self.steps) == len(self.all_steps()) and all(each["ok"] for each in self.steps)

  def summary(self, ok: bool) -> Dict[str, Any]:
    return {"ok": ok, **self.totals, "transfer": self.transfer, "steps": self.steps}

  def end(self, ok: bool) -> bool:
    """Stops what runs, or with --keep says where it is. True if all ended as they should."""
    for client in self.clients.values():
      client.close()
    if self.args.keep and all(each.running for each in self.instances.values()):
      secret = self.folder / "admin-password"
      secret.touch(mode=0o600)
      secret.write_text(self.password + "\n")
      print(f"\nThe instances go on; their folder is {self.folder}. To call one:")
      for each in self.instances.values():
        print(f"  {each.name}: {self.launcher} ctl --to {each.ready['netconf']} --password-file {secret} query-metrics   "
              f"(pid {each.process.pid}, SNMP {each.ready['snmp']}, {each.ready['metrics']})")
      print("To end them: kill " + " ".join(str(each.process.pid) for each in self.instances.values()))
      return True
    for each in self.instances.values():
      each.ask_to_end()
    states = {each.name: each.stop() for each in self.instances.values()}
    wrong = [f"{name} ({state})" for name, state in states.items() if state != 0]
    if ok and wrong:
      self.steps.append({"name": "stop", "ok": False, "detail": f"did not end with status 0 within 5 s: {', '.join(wrong)}"})
      print(f"FAILED  stop  {self.steps[-1]['detail']}")
      ok = False
    if ok:
      shutil.rmtree(self.folder, ignore_errors=True)
    else:
      print(f"\nLogs are in {self.folder}", file=sys.stderr)
    return ok

  def write_report(self, summary: Dict[str, Any], path: str):
    def moments(samples, name):
      return [(at - self.began, values[name]) for at, values in samples if name in values]

    marks = [(at - self.began, text) for at, text in self.marks]
    watchers = self.watchers.items()
    packets = [(name, report.rates(moments(watcher.samples, "packets-received"))) for name, watcher in watchers]
    flows = [(name, moments(watcher.samples, "flows")) for name, watcher in watchers]
    delays = [(f"{name} {part}", [(at, value / 1000) for at, value in moments(watcher.samples, f"processing-delay-{part}")])
              for name, watcher in watchers for part in ("p50", "p99") if name in ("mon1", "fw1", "fw2")]
    latency = [[name, result["sent"], result["received"], result["lost"], result["duplicated"], result["reordered"],
                *(result.get("latency_us", {}).get(part, "") for part in ("p50", "p99", "max"))] for name, result in self.runs]
    sections = [("Packets received, per second", report.plot(packets, "packets/s", marks)),
                ("Flows", report.plot(flows, "flows", marks)), ("Processing delay", report.plot(delays, "us", marks)),
                ("Traffic, from its source to its sink", report.table(
                    ["run", "sent", "received", "lost", "duplicated", "reordered", "latency p50, us", "p99, us", "max, us"], latency)),
                ("The transfer's timeline", self.transfer_timeline())]
    pathlib.Path(path).write_text(report.page(summary, sections, f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(self.began))} UTC, "
                                              "traffic -> mon1 -> fw1 -> fw3 -> sink, then fw2 in place of fw1"), encoding="utf-8")

  def transfer_timeline(self) -> str:
    job = self.job
    if not job or not job.started or not job.ended:
      return "<p class=quiet>There was no transfer.</p>"
    begin, end = parse_time(job.started).timestamp(), parse_time(job.ended).timestamp()
    seen = [(parse_time(each.json["ietf-restconf:notification"]["eventTime"]).timestamp(), each.data.get("state"))
            for each in list(self.watchers["fw1"].events) if each.data.get("id") == job.id] + self.job_states
    first: Dict[str, float] = {}
    for at, state in seen:
      if state and state not in ("complete", "failed"):
        first[state] = min(first.get(state, at), at)
    order = sorted(first.items(), key=lambda each: each[1])
    phases = [("transfer", 0.0, (end - begin) * 1000)]
    for index, (state, at) in enumerate(order):
      until = order[index + 1][1] if index + 1 < len(order) else end
      if at < end:
        phases.append((state, max(0.0, at - begin) * 1000, max(at, min(until, end)) * 1000 - begin * 1000))
    if job.pause:
      phases.append(("longest pause of a flow", max(0.0, (end - begin) * 1000 - job.pause / 1e6), (end - begin) * 1000))
    return report.timeline(phases)


def parser():
  found = Parser(prog=program("demo"), description=__doc__, epilog="Exit status: 0 if every step verified, 1 if not, 2 wrong usage.")
  found.add_argument("--json", metavar="FILE", help="write what happened as data")
  found.add_argument("--report", metavar="FILE.html", help="write a report with plots")
  found.add_argument("--keep", action="store_true", help="leave the instances running and print their addresses")
  found.add_argument("--pps", metavar="N", type=int, default=1500, help="packets a second of the main run (default: 1500)")
  found.add_argument("--capture", metavar="FILE", help="a pcap file in place of the capture that is part of the project")
  return found


def main(arguments):
  options = parser()
  args = options.parse_args(arguments)
  if not 100 <= args.pps <= 50_000:
    options.error("--pps is 100 to 50000")
  for path in (args.json, args.report):
    if path:
      try:
        # Whoever waits for the result need not learn at the end that it cannot be written.
        pathlib.Path(path).write_text("", encoding="utf-8")
      except OSError as error:
        complain("demo", f"cannot write {path} ({error.strerror}); name another file")
        return 1
  try:
    demo = Demo(args)
  except ProcessFailed as error:
    complain("demo", error)
    return 1
  ok = False
  if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the instances are stopped too
  try:
    ok = demo.run()
  finally:
    ok = demo.end(ok)
  summary = demo.summary(ok)
  if args.json:
    pathlib.Path(args.json).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
  if args.report:
    demo.write_report(summary, args.report)
  totals = demo.totals
  print(f"\n{'every step verified' if ok else 'a step failed'}: {totals['packets']} packets, {totals['flows']} flows, lost {totals['lost']}, "
        f"duplicated {totals['duplicated']}, reordered {totals['reordered']}; moved {demo.transfer['flows']} live flows in "
        f"{demo.transfer['millis']:.1f} ms")
  return 0 if ok else 1
