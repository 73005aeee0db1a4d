# SPDX-License-Identifier: Apache-2.0
"""Client of the southbound API: one method per call, over NETCONF.

    with Client("127.0.0.1", 2830, password="...") as nf:
        nf.service_chain("tcp 10.0.0.0/8 -> any", ["fw1", "lb1"], name="web")
        job = nf.transfer("fw2", "tcp 10.0.0.0/8 -> any", "loss-free")
        print(nf.wait(job).flows_done)
"""
import collections
import dataclasses
import datetime
import hashlib
import ipaddress
import os
import re
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Union

import paramiko
from lxml import etree
from ncclient import NCClientError, manager, transport

from . import xml
from .errors import ConnectionFailed, ConnectionLost, OperationFailed, SouthboundError, from_rpc_errors
from .schema import NAMESPACE, Converter, Schema
from .scope import Hop, Scope, hop, hops, scope

CHAIN, STATE, METRICS, NF, SPEC = (NAMESPACE + "southbound-" + each for each in ("chain", "state", "metrics", "nf", "spec"))
NOTIFICATION = "urn:ietf:params:xml:ns:netconf:notification:1.0"
MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
ENDED = ("complete", "failed", "cancelled")

ScopeLike = Union[Scope, str, None]
HopLike = Union[Hop, str]


class Numbers(NamedTuple):
  """Of a variant; comparable only within this NF and operation: larger is faster, more accurate, more consuming."""
  performance: int
  accuracy: int
  resource: int


@dataclass(frozen=True)
class ChainResult:
  name: str
  generation: int
  protocol: Optional[str] = None


@dataclass(frozen=True)
class TraceHop:
  """A hop that probes met; the delay is in nanoseconds."""
  direction: str
  position: int
  nf: Optional[str] = None
  protocol: Optional[str] = None
  spi: Optional[int] = None
  service_index: Optional[int] = None
  label: List[int] = field(default_factory=list)
  delay: Optional[int] = None
  lost: int = 0


@dataclass(frozen=True)
class Trace:
  name: str
  generation: int
  complete: bool
  hop: List[TraceHop] = field(default_factory=list)
  lost_after: Optional[int] = None


@dataclass(frozen=True)
class Chain:
  """A chain as configured, and as it is."""
  name: str
  precedence: int
  enabled: bool = True
  role: str = "first"
  scope: Scope = Scope()
  hops: List[Hop] = field(default_factory=list)
  oper_status: Optional[str] = None
  generation: Optional[int] = None
  selected_protocol: Optional[str] = None
  spi: Optional[int] = None
  service_index: Optional[int] = None
  packets: int = 0
  octets: int = 0
  last_error: Optional[str] = None


@dataclass(frozen=True)
class Path:
  """A path installed in the classifier; `next_hop` is None at the last NF."""
  id: str
  chain: Optional[str] = None
  origin: Optional[str] = None
  generation: Optional[int] = None
  direction: Optional[str] = None
  status: Optional[str] = None
  protocol: Optional[str] = None
  spi: Optional[int] = None
  service_index: Optional[int] = None
  scope: Scope = Scope()
  next_hop: Optional[Hop] = None
  packets: int = 0


@dataclass(frozen=True)
class Translation:
  """A rule: the context value becomes the label (produce), or the label the context value (consume)."""
  name: str
  context_type: str
  context_value: str
  label: int
  direction: str = "produce"
  chain: Optional[str] = None
  hits: int = 0


@dataclass(frozen=True)
class SchemaPreview:
  schema: str
  kind: Optional[str] = None
  records: int = 0
  octets: int = 0


@dataclass(frozen=True)
class Preview:
  flows: int
  octets: int
  owned: bool
  schema: List[SchemaPreview] = field(default_factory=list)
  conflicting_job: List[str] = field(default_factory=list)


@dataclass(frozen=True)
class Job:
  """A state operation. Pause is in nanoseconds, lag and held in packets, octets are of state sent."""
  id: str
  kind: Optional[str] = None
  parent: Optional[str] = None
  client_token: Optional[str] = None
  operation: Optional[str] = None
  variant: Optional[str] = None
  state: Optional[str] = None
  flows_total: int = 0
  flows_done: int = 0
  octets: int = 0
  rounds: Optional[int] = None
  pause: Optional[int] = None
  held: int = 0
  lag: int = 0
  epoch: Optional[int] = None
  started: Optional[str] = None
  ended: Optional[str] = None
  error_app_tag: Optional[str] = None
  error_message: Optional[str] = None
  destination: Optional[Hop] = None
  scope: Scope = Scope()

  @property
  def done(self) -> bool:
    return self.state in ENDED

  @property
  def millis(self) -> Optional[float]:
    """How long it took, if it has ended."""
    if not (self.started and self.ended):
      return None
    return (parse_time(self.ended) - parse_time(self.started)).total_seconds() * 1000


@dataclass(frozen=True)
class TakeOver:
  job: str
  epoch: int


@dataclass(frozen=True)
class Mark:
  marker: str
  label: int


@dataclass(frozen=True)
class Relationship:
  """A standby relationship, seen from its source or its standby. Lag is in packets, lag_time in microseconds."""
  id: str
  role: str
  source: Optional[Hop] = None
  standby: Optional[Hop] = None
  scope: Scope = Scope()
  variant: Optional[str] = None
  epoch: Optional[int] = None
  status: Optional[str] = None
  in_step: bool = False
  lag: int = 0
  lag_octets: int = 0
  lag_time: int = 0
  last_sync: Optional[str] = None
  updates: int = 0
  octets: int = 0
  resyncs: int = 0


@dataclass(frozen=True)
class Ownership:
  id: str
  scope: Scope = Scope()
  owner: Optional[str] = None
  epoch: Optional[int] = None
  role: Optional[str] = None
  since: Optional[str] = None
  stale_updates: int = 0


@dataclass(frozen=True)
class Report:
  """One report of metrics; gaps in the sequence are lost reports."""
  id: int
  sequence: int
  trigger: Optional[str]
  values: Dict[str, int]
  time: datetime.datetime


@dataclass(frozen=True)
class Notification:
  """`data` are the notification's nodes as plain data, `json` is the whole as RFC 8040 section 6.4 has it."""
  time: datetime.datetime
  module: str
  name: str
  data: Dict[str, Any]
  json: Dict[str, Any]


def parse_time(text: str) -> datetime.datetime:
  """A yang:date-and-time. Fractions beyond microseconds are cut off."""
  head, dot, tail = text.strip().replace("Z", "+00:00").replace("z", "+00:00").partition(".")
  if dot:
    digits = tail[:len(tail) - len(tail.lstrip("0123456789"))]
    head += "." + digits[:6].ljust(6, "0") + tail[len(digits):]
  return datetime.datetime.fromisoformat(head)


def format_time(moment: datetime.datetime) -> str:
  return moment.astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def _fill(kind, data):
  """A dataclass from nodes: node names with - are fields with _; what the NF did not send keeps its default."""
  values = {each.name: data[each.name.replace("_", "-")] for each in dataclasses.fields(kind) if each.name.replace("_", "-") in data}
  if "scope" in values:
    values["scope"] = Scope.of(values["scope"])
  for name in ("destination", "source", "standby", "next_hop"):
    if name in values:
      values[name] = Hop.of(values[name])
  try:
    return kind(**values)
  except TypeError as error:
    raise SouthboundError(f"the answer is not complete: {str(error).partition(') ')[2] or error}", "operation-failed") from error


def is_loopback(host: str) -> bool:
  try:
    return ipaddress.ip_address(host).is_loopback
  except ValueError:
    return host == "localhost"


class Client:
  """A NETCONF session with one VNF instance. Not for several threads at once; open one client for each.

  The host key is checked against ~/.ssh/known_hosts unless the host is a loopback address or `insecure` is set.
  `timeout` is in seconds, for connecting and for each call.
  """

  def __init__(self, host: str = "127.0.0.1", port: int = 2830, user: str = "admin", password: Optional[str] = None,
               key: Optional[str] = None, insecure: bool = False, timeout: float = 60):
    self.host, self.port, self.user, self.password, self.key = host, int(port), user, password, key
    self.insecure, self.timeout = insecure, timeout
    self._session: Optional[manager.Manager] = None
    self._schema: Optional[Converter] = None
    self._output: Callable[[], Any] = dict

  def __enter__(self) -> "Client":
    self.connect()
    return self

  def __exit__(self, *_):
    self.close()

  def __repr__(self):
    return f"Client({self.user}@{self.address})"

  @property
  def address(self) -> str:
    return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

  def another(self) -> "Client":
    """A client of the same instance, not yet connected."""
    return Client(self.host, self.port, self.user, self.password, self.key, self.insecure, self.timeout)

  # ---- session

  def connect(self):
    self.close()
    try:
      self._session = manager.connect_ssh(
          host=self.host, port=self.port, username=self.user, password=self.password, key_filename=self.key,
          hostkey_verify=not (self.insecure or is_loopback(self.host)), allow_agent=False, look_for_keys=False,
          timeout=min(self.timeout, 20), device_params={"name": "default"})
      self._session.async_mode = True  # the waiting is done in rpc()
    except transport.errors.SSHUnknownHostError as error:
      raise ConnectionFailed(f"the host key of {self.address} is not known: add it with ssh-keyscan -p {self.port} {self.host} "
                             ">> ~/.ssh/known_hosts once you have compared it, or give --insecure") from error
    except transport.errors.AuthenticationError as error:
      raise ConnectionFailed(f"{self.address} refuses user {self.user}: check the user, and the password "
                             "(--password-file or SOUTHBOUND_ADMIN_PASSWORD) or the key (--key)") from error
    except (transport.errors.TransportError, paramiko.SSHException, OSError, EOFError) as error:
      what = str(error) or type(error).__name__
      if isinstance(error, socket.gaierror):
        raise ConnectionFailed(f"cannot find the host {self.host}: check --to HOST:PORT") from error
      if "Could not open socket" in what:
        raise ConnectionFailed(f"cannot reach {self.address}: is an instance running there? Its ready line says where it listens; "
                               "give that as --to HOST:PORT") from error
      raise ConnectionFailed(f"{self.address} does not speak NETCONF over SSH: check --to HOST:PORT ({what})") from error

  def close(self):
    session, self._session = self._session, None
    if session is None or not session.connected:
      return
    try:
      session.dispatch(xml.element(xml.NETCONF, "close-session")).event.wait(2)
    except (NCClientError, paramiko.SSHException, OSError, EOFError):
      pass  # it is gone, which is what we want
    finally:
      session._session.close()  # pylint: disable=protected-access

  @property
  def connected(self) -> bool:
    return self._session is not None and self._session.connected

  @property
  def capabilities(self) -> List[str]:
    return list(self._need().server_capabilities)

  @property
  def session_id(self) -> str:
    return self._need().session_id

  def _need(self):
    if self._session is None:
      raise ConnectionLost(f"not connected to {self.address}")
    return self._session

  def rpc(self, request: etree._Element, timeout: Optional[float] = None) -> etree._Element:
    """Any RPC: the content of <rpc>. Returns the <rpc-reply>; raises SouthboundError for an rpc-error."""
    session = self._need()
    limit = max(self.timeout, timeout or 0)
    deadline = time.monotonic() + limit
    try:
      call = session.dispatch(request)
      while not call.event.wait(0.25):  # ncclient does not wake a call that was made just as the session ended
        if not session.connected:
          raise transport.errors.SessionError("cut")
        if time.monotonic() > deadline:
          raise SouthboundError(f"{self.address} did not answer within {limit:.0f} s: try again, or look at its log")
      if call.error:
        raise call.error
    except (NCClientError, paramiko.SSHException, OSError, EOFError) as error:
      raise ConnectionLost(f"the session with {self.address} ended: is the instance still running? ({type(error).__name__})") from error
    errors = [each for each in call.reply.errors if each.severity != "warning"]
    if errors:
      raise from_rpc_errors(errors)
    return xml.parse(call.reply.xml)

  @property
  def converter(self) -> Converter:
    """From XML to data; modules of others are fetched from the server."""
    if self._schema is None:
      named = (re.match(r"(.*)\?(?:.*&)?module=([^&]+)", each) for each in (self.capabilities if self.connected else ()))
      self._schema = Converter(Schema(source=self._fetch_module, names={each[1]: each[2] for each in named if each}))
    return self._schema

  def _fetch_module(self, name):
    """The text of a module by get-schema, also when a namespace's last part is all that is known of it."""
    if not name or not self.connected:
      return None
    try:
      return self.get_schema(name)
    except SouthboundError:
      return None

  @property
  def output(self) -> Any:
    """What the latest call answered, as RFC 7951 JSON: the output of its RPC, or the data that it read."""
    return self._output()

  def call(self, namespace: str, name: str, data: Optional[Dict[str, Any]] = None, timeout: Optional[float] = None) -> Dict[str, Any]:
    """An RPC of one of our modules, with plain data in and out."""
    reply = self.rpc(xml.element(namespace, name, data or {}), timeout)
    module = namespace.rpartition(":")[2]
    rpc = self.converter.schema.module(module).root.child(module, name)
    node = rpc.child(module, "output") or rpc
    answer = [each for each in reply if not each.tag.startswith(f"{{{xml.NETCONF}}}")]
    self._output = lambda: self.converter.json(node, answer)
    return self.converter.plain(node, answer)

  # ---- service chaining, paper 4.1

  def get_chaining_protocols(self) -> List[str]:
    """getChainingProtocols(): preferred first."""
    return self.call(CHAIN, "get-chaining-protocols").get("protocol", [])

  def service_chain(self, flows: ScopeLike, nexthops: Iterable[HopLike], name: Optional[str] = None, precedence: Optional[int] = None,
                    protocol: Optional[str] = None, commit_timeout: Optional[int] = None) -> ChainResult:
    """serviceChain(scope, nexthops), on the first NF only."""
    return self._chain("service-chain", flows, nexthops, name, precedence, protocol, commit_timeout, {})

  def service_chain_update(self, flows: ScopeLike, nexthops: Iterable[HopLike], name: Optional[str] = None,
                           precedence: Optional[int] = None, protocol: Optional[str] = None, commit_timeout: Optional[int] = None,
                           if_generation: Optional[int] = None) -> ChainResult:
    """serviceChainUpdate(scope, nexthops), on the NF after which the chain changes. No hops: it becomes the last."""
    return self._chain("service-chain-update", flows, nexthops, name, precedence, protocol, commit_timeout, {"if-generation": if_generation})

  def _chain(self, call, flows, nexthops, name, precedence, protocol, commit_timeout, more):
    data = {"name": name, "precedence": precedence, "protocol": protocol and f"sbt:{protocol.rpartition(':')[2]}",
            "commit-timeout": commit_timeout, "scope": scope(flows).data(), "next-hop": hops(nexthops), **more}
    return _fill(ChainResult, self.call(CHAIN, call, data, timeout=(commit_timeout or 30) + 15))

  def remove_chain(self, name: str):
    """Takes a chain down, by edit-config."""
    self.edit_config(xml.element(CHAIN, "chains", {"chain": {xml.OPERATION: "delete", "name": name}}))

  def trace_chain(self, name: str, direction: Optional[str] = None, probes: Optional[int] = None, timeout: Optional[int] = None) -> Trace:
    """Sends probes along a chain; `timeout` is in milliseconds, for each probe."""
    wait = (probes or 1) * (timeout or 1000) / 1000 * 2
    answer = self.call(CHAIN, "trace-chain", {"name": name, "direction": direction, "probes": probes, "timeout": timeout}, wait + 15)
    answer["hop"] = [_fill(TraceHop, each) for each in answer.get("hop", [])]
    return _fill(Trace, answer)

  def chains(self) -> List[Chain]:
    """Chains that this NF set up or continues."""
    found = self.read(CHAIN, "chains", {"chain": {}}).get("chain", [])
    return [_fill(Chain, {**each.get("state", {}), **each, "hops": [Hop.of(one) for one in each.get("next-hop", [])]}) for each in found]

  def paths(self) -> List[Path]:
    """Paths in this NF's classifier, those of upstream NFs included."""
    return [_fill(Path, each) for each in self.read(CHAIN, "chains", {"path": {}}).get("path", [])]

  def translations(self) -> List[Translation]:
    """Rules that turn context into labels and labels into context."""
    return [_fill(Translation, each) for each in self.read(CHAIN, "translations", {}).get("rule", [])]

  def set_translation(self, name: str, context_type: str, context_value: str, label: int, direction: Optional[str] = None,
                      chain: Optional[str] = None):
    """Adds or replaces a translation rule."""
    rule = {xml.OPERATION: "replace", "name": name, "context-type": context_type, "context-value": context_value, "label": label,
            "direction": direction, "chain": chain}
    self.edit_config(xml.element(CHAIN, "translations", {"rule": rule}))

  def delete_translation(self, name: str):
    self.edit_config(xml.element(CHAIN, "translations", {"rule": {xml.OPERATION: "delete", "name": name}}))

  # ---- state management, paper 4.2

  def get_variants(self, operation: str) -> Dict[str, Numbers]:
    """getVariants(operation): operation is transfer or replicate."""
    found = self.call(STATE, "get-variants", {"operation": f"sbt:{operation.rpartition(':')[2]}"}).get("variant", [])
    return {each["name"]: Numbers(each["performance"], each["accuracy"], each["resource"]) for each in found}

  def transfer(self, destination: HopLike, flows: ScopeLike, variant: str, parts: Optional[Iterable[str]] = None,
               steering: Optional[str] = None, options: Optional[Dict[str, Any]] = None, client_token: Optional[str] = None) -> str:
    """transfer(destination, scope, variant), on the source. Returns the job's id; see `wait`."""
    return self._state("transfer", destination, flows, variant, parts, steering, options, client_token)

  def replicate(self, destination: HopLike, flows: ScopeLike, variant: str, parts: Optional[Iterable[str]] = None,
                steering: Optional[str] = None, options: Optional[Dict[str, Any]] = None, client_token: Optional[str] = None) -> str:
    """replicate(destination, scope, variant), on the source. Returns the job's id, which is the relationship's too."""
    return self._state("replicate", destination, flows, variant, parts, steering, options, client_token)

  def _state(self, call, destination, flows, variant, parts, steering, options, client_token):
    data = {"client-token": client_token, "destination": hop(destination).data(), "scope": scope(flows).data(), "variant": variant,
            "parts": " ".join(parts) if parts else None, "steering": steering, "options": options or None}
    return self.call(STATE, call, data)["job"]

  def mark_last_in_transit(self, source: HopLike, flows: ScopeLike, marker: Optional[str] = None, label: Optional[int] = None,
                           timeout: Optional[int] = None) -> Mark:
    """markLastInTransit(source, scope), on a neighbour upstream; `timeout` is in milliseconds."""
    data = {"source": hop(source).data(), "scope": scope(flows).data(), "marker": marker, "label": label, "timeout": timeout}
    return _fill(Mark, self.call(STATE, "mark-last-in-transit", data))

  def preview_scope(self, flows: ScopeLike, parts: Optional[Iterable[str]] = None) -> Preview:
    """How much a transfer or replicate of the scope would move."""
    answer = self.call(STATE, "preview-scope", {"scope": scope(flows).data(), "parts": " ".join(parts) if parts else None})
    answer["schema"] = [_fill(SchemaPreview, each) for each in answer.get("schema", [])]
    return _fill(Preview, answer)

  def get_state(self, flows: ScopeLike, parts: Optional[Iterable[str]] = None, limit: Optional[int] = None) -> Dict[str, Dict[str, str]]:
    """The records of a scope: schema and key, and the fields' names and values."""
    answer = self.call(STATE, "get-state", {"scope": scope(flows).data(), "parts": " ".join(parts) if parts else None, "limit": limit})
    return {f"{each['schema']} {each['key']}": {field["name"]: field["value"] for field in each.get("field", [])}
            for each in answer.get("record", [])}

  def stop_replication(self, replication: str):
    self.call(STATE, "stop-replication", {"replication": replication})

  def take_over(self, replication: str, force: bool = False, client_token: Optional[str] = None) -> TakeOver:
    """On the standby: becomes active for the relationship's scope."""
    return _fill(TakeOver, self.call(STATE, "take-over", {"client-token": client_token, "replication": replication, "force": force or None}))

  def resync(self, replication: str) -> str:
    """Sends the standby a new snapshot. Returns the job's id."""
    return self.call(STATE, "resync", {"replication": replication})["job"]

  def cancel_operation(self, job: str):
    self.call(STATE, "cancel-operation", {"job": job})

  def jobs(self) -> List[Job]:
    """Running jobs, and the latest that ended."""
    return [_fill(Job, each) for each in self.read(STATE, "state-operations", {"job": {}}).get("job", [])]

  def job(self, job: str) -> Job:
    found = self.read(STATE, "state-operations", {"job": {"id": job}}).get("job", [])
    if not found:
      raise SouthboundError(f"{self.address} knows no job {job}: see its jobs", "data-missing", "southbound:unknown-job")
    return _fill(Job, found[0])

  def replications(self) -> List[Relationship]:
    return [_fill(Relationship, each) for each in self.read(STATE, "replication", {"relationship": {}}).get("relationship", [])]

  def ownerships(self) -> List[Ownership]:
    """Scopes whose ownership was ever moved."""
    return [_fill(Ownership, each) for each in self.read(STATE, "state-operations", {"ownership": {}}).get("ownership", [])]

  def wait(self, job: str, timeout: float = 600, progress: Optional[Callable[[Job], None]] = None) -> Job:
    """Waits until the job has ended, or stands by (replicate). Raises OperationFailed if it failed or was cancelled.

    Notifications wake it; it also asks now and then, so that a lost notification or a server without them does no harm.
    """
    deadline = time.monotonic() + timeout
    found = self._settled(job, progress)
    if found:
      return found
    try:
      events = self.another().notifications(resume=False)
    except SouthboundError:
      events = None
    try:
      pause = 0.05
      while True:
        found = self._settled(job, progress)
        if found:
          return found
        left = deadline - time.monotonic()
        if left <= 0:
          raise SouthboundError(f"job {job} has not ended after {timeout:.0f} s: it goes on; see jobs, or cancel-operation")
        until = time.monotonic() + min(left, 2.0 if events else pause)
        pause = min(pause * 1.5, 1.0)
        while events and time.monotonic() < until:
          try:
            event = events.take(until - time.monotonic())
          except SouthboundError:
            events.close()
            events = None
            break
          if event and event.module == "southbound-state" and event.data.get("id") == job:
            if event.name == "operation-progress" and progress:
              progress(_fill(Job, event.data))
            break
        else:
          if not events:
            threading.Event().wait(max(0.0, until - time.monotonic()))
    finally:
      if events:
        events.close()

  def _settled(self, job, progress):
    """The job if there is nothing more to wait for. A session that was cut is opened again."""
    try:
      found = self.job(job)
    except ConnectionLost:
      self.connect()
      found = self.job(job)
    if progress:
      progress(found)
    if found.state in ("failed", "cancelled"):
      reason = found.error_message or found.error_app_tag or "no reason given"
      raise OperationFailed(f"{found.kind or 'job'} {job} {found.state}: {reason}", found.error_app_tag, found)
    return found if found.done or found.state == "standby" else None

  # ---- the instance

  def healthcheck(self) -> Dict[str, Any]:
    """What the instance found in checking itself: state, scope, time and a list of checks (ONAP R-31809)."""
    return self.call(NF, "healthcheck", {})

  # ---- bottlenecks, paper 4.3

  def query_metrics(self, names: Iterable[str] = ()) -> Dict[str, int]:
    """queryMetrics(): all values, or those named."""
    return {each["name"]: each["value"] for each in self.call(METRICS, "query-metrics", {"name": list(names)}).get("metric", [])}

  def report_metrics(self, period: Optional[int] = None, packets: Optional[int] = None, metrics: Iterable[str] = (),
                     lifetime: Optional[int] = None) -> "Reports":
    """reportMetrics(interval, callback): an iterator of reports, every `period` milliseconds or every `packets` packets.

    It has a session of its own; close it, or leave its with block, to end the registration.
    """
    return Reports(self.another(), {"period": period, "packets": packets, "metric": list(metrics), "lifetime": lifetime})

  def register_report(self, period: Optional[int] = None, packets: Optional[int] = None, metrics: Iterable[str] = (),
                      lifetime: Optional[int] = None, stream: Optional[str] = None, snmp: Optional[str] = None,
                      url: Optional[str] = None, receiver: Optional[str] = None) -> int:
    """reportMetrics(interval, callback) to a stream, to SNMP targets with a tag or to an HTTP receiver. Returns its id."""
    http = {"url": url, "receiver": receiver} if url or receiver else None
    data = {"period": period, "packets": packets, "callback": {"stream": stream, "snmp": snmp, "http": http}, "metric": list(metrics),
            "lifetime": lifetime}
    return self.call(METRICS, "report-metrics", data)["id"]

  def cancel_report(self, report: int):
    self.call(METRICS, "cancel-report", {"id": report})

  # ---- documents and configuration

  def specification(self) -> Dict[str, Any]:
    """The specification document (the paper's Table 1) as plain data."""
    return self.read(SPEC, "specification", {})

  def read(self, namespace: str, name: str, data: Optional[Dict[str, Any]]) -> Dict[str, Any]:
    """Operational data and configuration below a top node, by `get`; `data` is the subtree filter inside it."""
    found = self.get(xml.element(namespace, name, _as_filter(data)))
    self._output = lambda: self.converter.json(None, found)
    return self.converter.plain(None, found).get(name, {})

  def get(self, *filters: etree._Element) -> List[etree._Element]:
    """NETCONF get; returns the top elements."""
    return self._data(xml.element(xml.NETCONF, "get"), filters)

  def get_config(self, source: str = "running", *filters: etree._Element) -> List[etree._Element]:
    """NETCONF get-config; returns the top elements."""
    return self._data(xml.element(xml.NETCONF, "get-config", {"source": {source: xml.EMPTY}}), filters)

  def _data(self, request, filters):
    if filters:
      chosen = etree.SubElement(request, f"{{{xml.NETCONF}}}filter", type="subtree")
      chosen.extend(filters)
    data = self.rpc(request).find(f"{{{xml.NETCONF}}}data")
    found = [] if data is None else list(data)
    self._output = lambda: self.converter.json(None, found)
    return found

  def edit_config(self, *config: etree._Element, target: str = "candidate", operation: Optional[str] = None):
    """NETCONF edit-config. On the candidate: locked, validated and committed; on an error discarded."""
    request = xml.element(xml.NETCONF, "edit-config", {"target": {target: xml.EMPTY}, "default-operation": operation})
    etree.SubElement(request, f"{{{xml.NETCONF}}}config").extend(config)
    self._output = dict
    if target != "candidate":
      self.rpc(request)
      return
    where = {"candidate": xml.EMPTY}
    self._lock(where)
    try:
      self.rpc(request)
      self.rpc(xml.element(xml.NETCONF, "validate", {"source": where}))
      self.rpc(xml.element(xml.NETCONF, "commit"), timeout=self.timeout + 60)  # a chain is set up meanwhile
    except SouthboundError as error:
      if not isinstance(error, ConnectionLost):
        self.rpc(xml.element(xml.NETCONF, "discard-changes"))
      raise
    finally:
      if self.connected:
        self.rpc(xml.element(xml.NETCONF, "unlock", {"target": where}))

  def _lock(self, target):
    """Locks; another manager's edit takes a moment, so this tries again for a few seconds."""
    deadline = time.monotonic() + 5
    while True:
      try:
        self.rpc(xml.element(xml.NETCONF, "lock", {"target": target}))
        return
      except SouthboundError as error:
        if error.tag != "lock-denied" or time.monotonic() > deadline:
          raise
        threading.Event().wait(0.2)

  def get_schema(self, name: str) -> str:
    """A YANG module's text, from the server."""
    reply = self.rpc(xml.element(MONITORING, "get-schema", {"identifier": name, "format": "yang"}))
    return reply.findtext(f"{{{MONITORING}}}data")

  def notifications(self, start: Union[datetime.datetime, str, None] = None, stop: Union[datetime.datetime, str, None] = None,
                    stream: Optional[str] = None, resume: bool = True) -> "Notifications":
    """The event stream, on a session of its own. `start` replays; with `resume` a cut is bridged by replay."""
    return Notifications(self.another(), start, stop, stream, resume)


def _as_filter(data):
  """In a filter, an empty dict selects everything below."""
  return xml.EMPTY if not data else {key: _as_filter(each) if isinstance(each, dict) else each for key, each in data.items()}


class Notifications:
  """An iterator over a subscription (RFC 5277); ends when a replay with a stop time is complete."""

  def __init__(self, client: Client, start=None, stop=None, stream=None, resume=True, before: Optional[Callable[[Client], None]] = None):
    self._client, self._stop, self._stream, self._resume = client, stop, stream, resume
    self._before = before or (lambda client: None)
    self._seen: "collections.OrderedDict[bytes, None]" = collections.OrderedDict()
    self._replayed = False
    self._last: Optional[datetime.datetime] = None
    self.resumed = 0  # cuts bridged so far
    self._open(start)
    self._begun = datetime.datetime.now(datetime.timezone.utc)

  def _open(self, start):
    self._client.connect()
    self._before(self._client)
    text = [each if each is None or isinstance(each, str) else format_time(each) for each in (start, self._stop)]
    self._client.rpc(xml.element(NOTIFICATION, "create-subscription", {"stream": self._stream, "startTime": text[0], "stopTime": text[1]}))

  def __iter__(self) -> Iterator[Notification]:
    return self

  def __next__(self) -> Notification:
    while True:
      event = self.take(60)
      if event:
        return event
      if self._replayed:
        raise StopIteration

  def take(self, timeout: float) -> Optional[Notification]:
    """The next event, or None when there is none within `timeout` seconds, or no more at all."""
    deadline = time.monotonic() + timeout
    while not self._replayed:
      session = self._client._need()
      alive = session.connected
      raw = session.take_notification(True, max(0.001, min(0.25, deadline - time.monotonic())) if alive else 0.001)
      if raw is not None:
        event = self._read(raw.notification_xml)
        if event:
          return event
      elif not alive:
        self._mend(deadline)
      if time.monotonic() >= deadline:
        return None
    return None

  def _read(self, text) -> Optional[Notification]:
    digest = hashlib.sha256(text.encode()).digest()
    if digest in self._seen:
      return None  # replayed after a cut, and known
    root = xml.parse(text)
    moment = parse_time(root.findtext(f"{{{NOTIFICATION}}}eventTime"))
    body = next((each for each in root if each.tag != f"{{{NOTIFICATION}}}eventTime"), None)
    if body is None:
      return None
    name = etree.QName(body)
    if name.localname in ("replayComplete", "notificationComplete"):
      self._replayed = name.localname == "notificationComplete"
      return None
    self._seen[digest] = None
    if len(self._seen) > 20000:
      self._seen.popitem(last=False)
    self._last = moment if self._last is None else max(self._last, moment)
    converter = self._client.converter
    node = converter.top(body)
    known = converter.schema.by_namespace(name.namespace)
    data = converter.plain(node, body) if node is not None else converter.plain(None, [body])[name.localname]
    json = {"eventTime": root.findtext(f"{{{NOTIFICATION}}}eventTime").strip(), **converter.json(None, [body])}
    return Notification(moment, known.name if known else (name.namespace or "").rpartition(":")[2], name.localname,
                        data if isinstance(data, dict) else {}, {"ietf-restconf:notification": json})

  def _mend(self, deadline):
    """Opens a new session and replays what was missed. Without `resume` the cut is an error."""
    if not self._resume:
      raise ConnectionLost(f"the session with {self._client.address} ended: is the instance still running?")
    # A second earlier: events of one moment may come in any order. What is known already is not given twice.
    start = (self._last or self._begun) - datetime.timedelta(seconds=1)
    while True:
      try:
        self._open(start)
        self.resumed += 1
        return
      except ConnectionFailed:
        if time.monotonic() >= deadline:
          return
        threading.Event().wait(min(0.5, max(0.0, deadline - time.monotonic())))

  def close(self):
    self._client.close()

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.close()


class Reports:
  """An iterator over the reports of one registration, whose id is `id`."""

  def __init__(self, client: Client, data: Dict[str, Any]):
    self._client, self._data, self.id, self.output = client, data, -1, {}
    self._events = Notifications(client, before=self._register, resume=False)

  def _register(self, client):
    self.id = client.call(METRICS, "report-metrics", self._data)["id"]
    self.output = client.output

  def take(self, timeout: float) -> Optional[Report]:
    """The next report, or None when there is none within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
      event = self._events.take(max(0.0, deadline - time.monotonic()))
      if event and event.name == "metric-report" and event.data.get("id") == self.id:
        values = {each["name"]: each["value"] for each in event.data.get("metric", [])}
        return Report(self.id, event.data.get("sequence", 0), event.data.get("trigger"), values, event.time)
      if event is None and time.monotonic() >= deadline:
        return None

  def __iter__(self) -> Iterator[Report]:
    return self

  def __next__(self) -> Report:
    while True:
      report = self.take(60)
      if report:
        return report

  def close(self):
    self._events.close()

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.close()


def password_from(file: Optional[str] = None) -> Optional[str]:
  """The password in a file's first line, else in SOUTHBOUND_ADMIN_PASSWORD, else None."""
  if file is None:
    return os.environ.get("SOUTHBOUND_ADMIN_PASSWORD") or None
  with open(file, encoding="utf-8") as text:
    return text.readline().rstrip("\r\n")
