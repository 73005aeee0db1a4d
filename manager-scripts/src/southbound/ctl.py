# SPDX-License-Identifier: Apache-2.0
"""Command line client: one subcommand per call of the API."""
import argparse
import dataclasses
import datetime
import json
import os
import re
import sys
from typing import Any, List, Optional

from lxml import etree

from . import xml
from .client import Client, Job, format_time, parse_time, password_from
from .errors import SouthboundError
from .schema import NAMESPACE
from .scope import Hop, Scope
from .usage import Parser, complain, program

EPILOG = """A SCOPE is one argument: 'any', 'tcp 10.0.0.0/8 -> 192.0.2.0/24:80', 'udp [2001:db8::/32]:53 -> any vlan 5 dscp 46 label 21 forward'.
A HOP is NAME (a peer the NF knows), NAME@HOST:DATA_PORT:PEER_PORT, HOST:DATA_PORT:PEER_PORT or group:NAME.
Exit status: 0 success, 1 failed, 2 wrong usage."""


class Usage(Exception):
  """Wrong usage that the parser cannot see."""


# ---- output


def table(rows: List[List[Any]], head: List[str]) -> str:
  """Rows in aligned columns; numbers are set right. Columns without a value are left out."""
  if not rows:
    return "none"
  text = [["" if cell is None else str(cell) for cell in row] for row in rows]
  shown = [column for column in range(len(head)) if any(row[column] for row in text)]
  right = {column: all(isinstance(row[column], (int, float)) or row[column] is None for row in rows) for column in shown}
  width = {column: max(len(head[column]), *(len(row[column]) for row in text)) for column in shown}
  lines = []
  for row in [head] + text:
    cells = [row[column].rjust(width[column]) if right[column] else row[column].ljust(width[column]) for column in shown]
    lines.append("  ".join(cells).rstrip())
  return "\n".join(lines)


def pairs(values) -> str:
  """name and value on each line, what is not known left out."""
  known = [(name, value) for name, value in values if value not in (None, "", [])]
  width = max((len(name) for name, _ in known), default=0)
  return "\n".join(f"{name.ljust(width)}  {value}" for name, value in known)


def fields(record, *leave_out) -> str:
  return pairs((each.name.replace("_", " "), getattr(record, each.name)) for each in dataclasses.fields(record) if each.name not in leave_out)


def millis(nanos: Optional[int]) -> Optional[str]:
  return None if nanos is None else f"{nanos / 1e6:.3f} ms"


def progress_line(job: Job) -> str:
  done = f"{job.flows_done}/{job.flows_total} flows" if job.flows_total else ""
  held = f"{job.held} held" if job.held else ""
  return "  ".join(each for each in (job.kind, job.state, done, f"{job.octets} octets" if job.octets else "", held) if each)


def show_job(job: Job) -> str:
  return pairs([("job", job.id), ("kind", job.kind), ("variant", job.variant), ("state", job.state), ("scope", job.scope),
                ("destination", job.destination), ("flows", f"{job.flows_done} of {job.flows_total}"), ("octets", job.octets),
                ("pause", millis(job.pause)), ("epoch", job.epoch), ("took", None if job.millis is None else f"{job.millis:.1f} ms"),
                ("error", job.error_message or job.error_app_tag)])


# ---- commands: each takes the client and the arguments, and returns the text for people


def get_chaining_protocols(nf, _):
  return "\n".join(nf.get_chaining_protocols())


def service_chain(nf, args):
  return fields(nf.service_chain(args.scope, args.hop, args.name, args.precedence, args.protocol, args.commit_timeout))


def service_chain_update(nf, args):
  return fields(nf.service_chain_update(args.scope, args.hop, args.name, args.precedence, args.protocol, args.commit_timeout,
                                        args.if_generation))


def chain(nf, args):
  nf.remove_chain(args.name)
  return f"chain {args.name} is removed"


def chains(nf, _):
  rows = [[each.name, each.precedence, each.role, each.oper_status, each.generation, each.selected_protocol, each.spi, each.service_index,
           str(each.scope), " -> ".join(map(str, each.hops)), each.packets, each.last_error] for each in nf.chains()]
  return table(rows, ["name", "precedence", "role", "status", "generation", "protocol", "spi", "si", "scope", "hops", "packets", "error"])


def paths(nf, _):
  rows = [[each.id, each.chain, each.origin, each.generation, each.direction, each.status, each.protocol, each.spi, each.service_index,
           str(each.scope), str(each.next_hop or "(last)"), each.packets] for each in nf.paths()]
  return table(rows, ["id", "chain", "origin", "generation", "direction", "status", "protocol", "spi", "si", "scope", "next hop", "packets"])


def trace_chain(nf, args):
  trace = nf.trace_chain(args.name, args.direction, args.probes, args.timeout)
  rows = [[each.direction, each.position, each.nf, each.protocol, each.spi, each.service_index, " ".join(map(str, each.label)),
           None if each.delay is None else f"{each.delay / 1000:.1f} us", each.lost] for each in trace.hop]
  whole = "complete" if trace.complete else f"incomplete: the last hop that answered is {trace.lost_after}"
  text = table(rows, ["direction", "position", "nf", "protocol", "spi", "si", "labels", "delay", "lost"])
  return f"{text}\n{whole}, generation {trace.generation}"


def transfer(nf, args):
  return accepted(nf, args, nf.transfer(args.destination, args.scope, args.variant, args.parts, args.steering, args.option, args.token))


def replicate(nf, args):
  return accepted(nf, args, nf.replicate(args.destination, args.scope, args.variant, args.parts, args.steering, args.option, args.token))


def accepted(nf, args, job):
  """The job's id, or with --wait how it ended."""
  if not args.wait:
    return f"job {job}"
  answer = nf.output
  shown: List[str] = []

  def progress(state):
    line = progress_line(state)
    if not args.json and sys.stderr.isatty() and shown[-1:] != [line]:
      shown.append(line)
      print(line, file=sys.stderr)

  ended = nf.wait(job, args.wait_timeout, progress)
  args.answer = answer  # the RPC's output; how the job ended is in the exit status and in the job list
  return show_job(ended)


def get_variants(nf, args):
  return table([[name, *numbers] for name, numbers in nf.get_variants(args.operation).items()], ["variant", "performance", "accuracy", "resource"])


def mark_last_in_transit(nf, args):
  return fields(nf.mark_last_in_transit(args.source, args.scope, args.marker, args.label, args.timeout))


def get_state(nf, args):
  records = nf.get_state(args.scope, args.parts, args.limit)
  rows = [[key, " ".join(f"{name}={value}" for name, value in fields.items())] for key, fields in sorted(records.items())]
  return table(rows, ["record", "fields"])


def preview_scope(nf, args):
  preview = nf.preview_scope(args.scope, args.parts)
  rows = [[each.schema, each.kind, each.records, each.octets] for each in preview.schema]
  return fields(preview, "schema") + ("\n" + table(rows, ["schema", "kind", "records", "octets"]) if rows else "")


def stop_replication(nf, args):
  nf.stop_replication(args.replication)
  return f"replication {args.replication} is stopped"


def take_over(nf, args):
  taken = nf.take_over(args.replication, args.force, args.token)
  text = accepted(nf, args, taken.job)
  return f"{text}\nepoch {taken.epoch}" if not args.wait else text


def resync(nf, args):
  return accepted(nf, args, nf.resync(args.replication))


def cancel_operation(nf, args):
  nf.cancel_operation(args.job)
  return f"job {args.job} is cancelled"


def jobs(nf, _):
  rows = [[each.id, each.kind, each.variant, each.state, str(each.scope), str(each.destination or ""), each.flows_done, each.flows_total,
           each.octets, millis(each.pause), each.started, each.error_message or each.error_app_tag] for each in nf.jobs()]
  return table(rows, ["id", "kind", "variant", "state", "scope", "destination", "done", "flows", "octets", "pause", "started", "error"])


def replications(nf, _):
  rows = [[each.id, each.role, str(each.source or ""), str(each.standby or ""), str(each.scope), each.variant, each.status, each.epoch,
           each.lag, each.updates, each.last_sync] for each in nf.replications()]
  return table(rows, ["id", "role", "source", "standby", "scope", "variant", "status", "epoch", "lag", "updates", "last sync"])


def ownership(nf, _):
  rows = [[each.id, str(each.scope), each.owner, each.role, each.epoch, each.since, each.stale_updates] for each in nf.ownerships()]
  return table(rows, ["id", "scope", "owner", "role", "epoch", "since", "stale updates"])


def healthcheck(nf, _):
  found = nf.healthcheck()
  rows = [[each["name"], each["state"], each["info"], "; ".join(each.get("fault", []))] for each in found.get("check", [])]
  return f"{found['scope']} is {found['state']}\n" + table(rows, ["check", "state", "info", "fault"])


def query_metrics(nf, args):
  values = nf.query_metrics(args.name)
  return table([[name, values[name]] for name in (args.name or sorted(values)) if name in values], ["metric", "value"])


def report_metrics(nf, args):
  if (args.period is None) == (args.packets is None):
    raise Usage("give --period MILLISECONDS or --packets N")
  receivers = {"stream": args.stream, "snmp": args.snmp, "url": args.url, "receiver": args.receiver}
  if any(receivers.values()):
    report = nf.register_report(args.period, args.packets, args.metric, args.lifetime, **receivers)
    return f"report {report}; cancel-report {report} ends it"
  with nf.report_metrics(args.period, args.packets, args.metric, args.lifetime) as reports:
    if args.json:
      say(json.dumps(reports.output))
    for count, report in enumerate(reports, 1):
      values = {name: value for name, value in sorted(report.values.items())}
      if args.json:
        say(json.dumps({"id": report.id, "sequence": report.sequence, "time": format_time(report.time),
                        "values": {name: str(value) for name, value in values.items()}}))
      else:
        say(f"{format_time(report.time)}  #{report.sequence}  " + "  ".join(f"{name}={value}" for name, value in values.items()))
      if count == args.count:
        break
  return None


def cancel_report(nf, args):
  nf.cancel_report(args.id)
  return f"report {args.id} is cancelled"


def spec(nf, args):
  document = nf.specification()
  if args.document:
    return document.get("document", "none")
  parts = [pairs((name, document.get(name)) for name in ("vendor", "product", "software-version", "nf-type", "vnfd-id"))]

  def part(title, rows, head):
    if rows:
      parts.append(f"\n{title}\n{table(rows, head)}")

  part("Labels", [[each["type"], each.get("role"), each.get("granularity"), " ".join(value["value"] for value in each.get("value", [])),
                   each.get("description")] for each in document.get("context", [])], ["type", "role", "of each", "values", "meaning"])
  part("Metrics", [[each["index"], each["name"], each["kind"], each.get("units"), each.get("description")]
                   for each in sorted(document.get("metric", []), key=lambda each: each["index"])], ["index", "name", "kind", "units", "meaning"])
  for operation in document.get("operation", []):
    part(f"Variants of {operation['operation']}", [[each["name"], each["performance"], each["accuracy"], each["resource"],
                                                    each.get("description")] for each in operation.get("variant", [])],
         ["name", "performance", "accuracy", "resource", "meaning"])
    parts += [f"{each}: {operation[f'{each}-meaning']}" for each in ("performance", "accuracy", "resource") if f"{each}-meaning" in operation]
  part("Alarms", [[each["kind"], each.get("severity"), each.get("description")] for each in document.get("alarm", [])],
       ["kind", "severity", "meaning"])
  part("State", [[each["schema"], each["version"], each["kind"], each.get("merge"), each.get("record-size"), each.get("description")]
                 for each in document.get("state", [])], ["schema", "version", "kind", "merge", "octets", "meaning"])
  return "\n".join(parts)


def translations(nf, args):
  if args.action == "add":
    context, equals, value = args.context.partition("=")
    if not equals or not context or not value:
      raise Usage(f"a context is TYPE=VALUE, such as status=hit, not '{args.context}'")
    nf.set_translation(args.name, context, value, args.label, args.direction, args.chain)
    return f"translation {args.name} is set"
  if args.action == "remove":
    nf.delete_translation(args.name)
    return f"translation {args.name} is removed"
  rows = [[each.name, each.context_type, each.context_value, each.label, each.direction, each.chain, each.hits] for each in nf.translations()]
  return table(rows, ["name", "context", "value", "label", "direction", "chain", "hits"])


def get_config(nf, args):
  found = nf.get_config(args.source, *filters(args.node))
  return "\n".join(xml.pretty(each) for each in found)


def get(nf, args):
  return "\n".join(xml.pretty(each) for each in nf.get(*filters(args.node)))


def filters(nodes):
  """Subtree filters from MODULE:NODE[/NODE...], modules without a colon being ours."""
  chosen = []
  for text in nodes:
    head, *below = text.strip("/").split("/")
    module, colon, name = head.rpartition(":")
    if not colon or not all(re.fullmatch(r"[A-Za-z_][\w.-]*", each) for each in [module, name, *below]):
      raise Usage(f"a node is MODULE:NODE or MODULE:NODE/NODE, such as southbound-nf:nf/function, not '{text}'")
    namespace = (NAMESPACE if module.startswith("southbound-") else "urn:ietf:params:xml:ns:yang:") + module
    data: Any = xml.EMPTY
    for each in reversed(below):
      data = {each: data}
    chosen.append(xml.element(namespace, name, data))
  return chosen


def edit_config(nf, args):
  try:
    with (sys.stdin.buffer if args.file == "-" else open(args.file, "rb")) as file:
      text = file.read()
  except OSError as error:
    raise Usage(f"cannot read {args.file}: {error.strerror}") from error
  try:
    # A file may hold several top elements, as <config> may.
    root = xml.parse(b"<config>" + re.sub(rb"^\s*<\?xml[^>]*\?>", b"", text) + b"</config>")
  except etree.XMLSyntaxError as error:
    raise Usage(f"{args.file} is no well-formed XML: {error}") from error
  config = list(root)
  if len(config) == 1 and etree.QName(config[0]).localname in ("config", "data"):
    config = list(config[0])
  if not config:
    raise Usage(f"{args.file} holds no configuration")
  nf.edit_config(*config, target=args.target, operation=args.operation)
  return f"{args.target} is edited" if args.target != "candidate" else "committed"


def watch(nf, args):
  with nf.notifications(args.since, args.until, args.stream) as events:
    cuts = 0
    for count, event in enumerate(events, 1):
      if events.resumed > cuts:
        cuts = events.resumed
        complain("ctl", f"the session was cut; resumed by replay ({cuts})")
      if args.json:
        say(json.dumps(event.json))
      else:
        say(f"{format_time(event.time)}  {event.name}  {flat(event.data)}")
      if count == args.count:
        break
  return None


def flat(data):
  """The nodes of a notification in one line; a scope and a hop as their text."""
  parts = []
  for name, value in data.items():
    if name == "scope":
      value = f"'{Scope.of(value)}'"
    elif isinstance(value, dict):
      value = "{" + flat(value) + "}"
    elif isinstance(value, list):
      value = "[" + ", ".join(flat(each) if isinstance(each, dict) else str(each) for each in value) + "]"
    elif isinstance(value, bool):
      value = str(value).lower()
    parts.append(f"{name}={value}")
  return " ".join(parts)


def say(line):
  print(line, flush=True)


# ---- arguments


def number(low, high=2**64 - 1):
  def read(text):
    if not re.fullmatch(r"\d{1,20}", text) or not low <= int(text) <= high:
      raise argparse.ArgumentTypeError(f"'{text}' is no whole number from {low} to {high}")
    return int(text)
  return read


def checked(kind):
  def read(text):
    try:
      return kind(text)
    except ValueError as error:
      raise argparse.ArgumentTypeError(str(error)) from error
  return read


def option(text):
  name, equals, value = text.partition("=")
  if not equals or not re.fullmatch(r"[a-z][a-z-]*", name):
    raise argparse.ArgumentTypeError(f"an option is NAME=VALUE, such as interval=10000, not '{text}'")
  return name, value


def moment(text):
  """A date and time, or how many seconds ago."""
  if re.fullmatch(r"\d{1,9}", text):
    return datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=int(text))
  found = parse_time(text)
  return found if found.tzinfo else found.astimezone()


def address(text):
  match = re.fullmatch(r"(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:\[\]]+))(?::(?P<port>\d{1,5}))?", text)
  if not match or not 0 < int(match["port"] or 2830) < 65536:
    raise argparse.ArgumentTypeError(f"'{text}' is not HOST:PORT")
  return match["v6"] or match["host"], int(match["port"] or 2830)


def common(parser, top):
  """The options that may stand before or after the subcommand."""
  none = {"default": argparse.SUPPRESS}
  group = parser.add_argument_group("connection and output")
  group.add_argument("--to", metavar="HOST:PORT", type=address, help="the instance's NETCONF address (default: 127.0.0.1:2830)",
                     **({"default": ("127.0.0.1", 2830)} if top else none))
  group.add_argument("--user", help="user (default: admin)", **({"default": "admin"} if top else none))
  group.add_argument("--password-file", metavar="FILE", help="file with the password (default: env SOUTHBOUND_ADMIN_PASSWORD)",
                     **({"default": None} if top else none))
  group.add_argument("--key", metavar="FILE", help="SSH private key, instead of a password", **({"default": None} if top else none))
  group.add_argument("--insecure", action="store_true", help="do not check the host key (on loopback it never is)",
                     **({} if top else none))
  group.add_argument("--timeout-seconds", metavar="N", type=number(1, 86400), help="for connecting and for each call (default: 60)",
                     **({"default": 60} if top else none))
  group.add_argument("--json", action="store_true", help="print the RPC's output as JSON (RFC 7951)", **({} if top else none))
  group.add_argument("--wait", action="store_true", help="wait until the job that was started has ended", **({} if top else none))
  group.add_argument("--wait-timeout", metavar="SECONDS", type=number(1), help="give up waiting after that (default: 600)",
                     **({"default": 600} if top else none))


def parser():
  top = Parser(prog=program("ctl"), description=__doc__, epilog=EPILOG)
  common(top, True)
  commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)

  def command(run, text, name=None):
    found = commands.add_parser(name or run.__name__.replace("_", "-"), help=text, description=text, epilog=EPILOG)
    common(found, False)
    found.set_defaults(run=run)
    return found

  def flows(found, **more):
    found.add_argument("scope", metavar="SCOPE", type=checked(Scope.parse), help="the flows", **more)

  hop = checked(Hop.parse)
  parts = {"metavar": "KIND", "action": "append", "choices": ("per-flow", "multi-flow", "all-flows"),
           "help": "kind of state: per-flow, multi-flow, all-flows; may be repeated (default: the first two)"}

  command(get_chaining_protocols, "getChainingProtocols(): the protocols this NF's classifier speaks")
  for run, text, count in ((service_chain, "serviceChain(scope, nexthops), on the first NF only", "+"),
                           (service_chain_update, "serviceChainUpdate(scope, nexthops), on the NF after which the chain changes; "
                            "no hop: this NF becomes the last, on the first NF the chain is removed", "*")):
    found = command(run, text)
    flows(found)
    found.add_argument("hop", metavar="HOP", nargs=count, type=hop, help="the NFs after this one, in order")
    found.add_argument("--name", help="name of the chain")
    found.add_argument("--precedence", type=number(0, 2**32 - 1), help="the lowest is matched first")
    found.add_argument("--protocol", help="chaining protocol (default: the best that all hops have in common)")
    found.add_argument("--commit-timeout", type=number(1, 600), metavar="SECONDS", help="how long to wait for all hops")
    if run is service_chain_update:
      found.add_argument("--if-generation", type=number(0), metavar="N", help="only if this is the present generation")
  found = command(chain, "chain delete NAME: takes a chain down, by edit-config")
  found.add_argument("action", choices=["delete"])
  found.add_argument("name", metavar="NAME")
  command(chains, "chains that this NF set up or continues")
  command(paths, "paths in this NF's classifier")
  found = command(trace_chain, "sends probes along a chain and lists what they met")
  found.add_argument("name", metavar="CHAIN")
  found.add_argument("--direction", choices=["forward", "reverse", "both"])
  found.add_argument("--probes", type=number(1, 100))
  found.add_argument("--timeout", type=number(1, 60000), metavar="MILLISECONDS", help="for each probe")
  for run, text in ((transfer, "transfer(destination, scope, variant), on the source"),
                    (replicate, "replicate(destination, scope, variant), on the source")):
    found = command(run, text)
    found.add_argument("destination", metavar="DESTINATION", type=hop, help="the NF that takes over or stands by, a HOP")
    flows(found)
    found.add_argument("variant", metavar="VARIANT", help="one of get-variants")
    found.add_argument("--parts", **parts)
    found.add_argument("--steering", choices=["neighbours", "manager"], help="who steers the traffic (default: neighbours)")
    found.add_argument("--option", metavar="NAME=VALUE", type=option, action="append", help="parameter of the variant")
    found.add_argument("--token", help="client token: the same token and input give the same job")
  found = command(get_variants, "getVariants(operation): performance, accuracy and resource of each")
  found.add_argument("operation", metavar="OPERATION", help="transfer or replicate")
  found = command(mark_last_in_transit, "markLastInTransit(source, scope), on a neighbour upstream")
  found.add_argument("source", metavar="SOURCE", type=hop, help="the NF to which the last packet goes")
  flows(found)
  found.add_argument("--marker", metavar="UUID")
  found.add_argument("--label", type=number(1, 0xffffff))
  found.add_argument("--timeout", type=number(1, 3600000), metavar="MILLISECONDS")
  found = command(get_state, "the records of the scope, field by field")
  flows(found, nargs="?", default=Scope())
  found.add_argument("--parts", **parts)
  found.add_argument("--limit", metavar="N", type=int, help="most records (default: 1000)")
  found = command(preview_scope, "how much a transfer or replicate of the scope would move")
  flows(found, nargs="?", default=Scope())
  found.add_argument("--parts", **parts)
  command(stop_replication, "ends a standby relationship").add_argument("replication", metavar="ID")
  found = command(take_over, "on the standby: becomes active for the relationship's scope")
  found.add_argument("replication", metavar="ID")
  found.add_argument("--force", action="store_true", help="also when out of step or without a majority")
  found.add_argument("--token", help="client token")
  command(resync, "sends the standby a new snapshot").add_argument("replication", metavar="ID")
  command(cancel_operation, "cancels a job; the source keeps the scope").add_argument("job", metavar="JOB")
  command(jobs, "running jobs, and the latest that ended")
  command(replications, "standby relationships")
  command(ownership, "scopes whose ownership was ever moved")
  command(healthcheck, "has the instance check itself, all of it")
  command(query_metrics, "queryMetrics(): all values, or those named").add_argument("name", metavar="METRIC", nargs="*")
  found = command(report_metrics, "reportMetrics(interval, callback): prints reports, or sends them elsewhere")
  found.add_argument("--period", type=number(100, 2**32 - 1), metavar="MILLISECONDS")
  found.add_argument("--packets", type=number(1), metavar="N")
  found.add_argument("--metric", action="append", default=[], help="only this one; may be repeated")
  found.add_argument("--lifetime", type=number(1, 2**32 - 1), metavar="SECONDS")
  found.add_argument("--count", type=number(1), metavar="N", help="end after so many reports")
  for name, text in (("stream", "to an event stream"), ("snmp", "to the SNMP targets with this tag"), ("url", "to this HTTP receiver"),
                     ("receiver", "to this configured HTTP receiver")):
    found.add_argument(f"--{name}", help=f"{text}, instead of here")
  command(cancel_report, "ends a registration").add_argument("id", metavar="ID", type=number(0, 2**32 - 1))
  found = command(spec, "the specification document: labels, metrics, variants, state")
  found.add_argument("--document", action="store_true", help="the whole document in natural language")
  found = command(translations, "the rules that turn context into labels and labels into context")
  actions = found.add_subparsers(dest="action", metavar="ACTION", parser_class=Parser)
  common(actions.add_parser("list", help="the rules (the default)"), False)
  add = actions.add_parser("add", help="adds or replaces a rule")
  common(add, False)
  add.add_argument("name", metavar="NAME")
  add.add_argument("context", metavar="TYPE=VALUE")
  add.add_argument("label", metavar="LABEL", type=number(1, 0xffffff))
  add.add_argument("--consume", dest="direction", action="store_const", const="consume", help="the label becomes context here")
  add.add_argument("--chain", help="only in this chain")
  remove = actions.add_parser("remove", help="removes a rule")
  common(remove, False)
  remove.add_argument("name", metavar="NAME")
  for run, text in ((get_config, "configuration, as XML"), (get, "configuration and operational data, as XML")):
    found = command(run, text)
    found.add_argument("node", metavar="MODULE:NODE[/NODE...]", nargs="*", help="only this; such as southbound-nf:nf/function")
    if run is get_config:
      found.add_argument("--source", choices=["running", "candidate", "startup"], default="running")
  found = command(edit_config, "edits the configuration and commits it")
  found.add_argument("file", metavar="FILE", help="XML: the content of <config>; - reads the standard input")
  found.add_argument("--target", choices=["candidate", "running", "startup"], default="candidate")
  found.add_argument("--operation", choices=["merge", "replace", "none"], help="default operation (default: merge)")
  found = command(watch, "prints notifications as they come; resumes after a cut by replay")
  found.add_argument("--since", type=checked(moment), metavar="TIME", help="replay from then on: a date and time, or how many seconds ago")
  found.add_argument("--until", type=checked(moment), metavar="TIME", help="end there (with --since)")
  found.add_argument("--stream", help="event stream (default: NETCONF)")
  found.add_argument("--count", type=number(1), metavar="N", help="end after so many")
  return top


def main(arguments):
  args = parser().parse_args(arguments)
  args.answer = None
  if getattr(args, "option", None):
    args.option = dict(args.option)
  try:
    if args.command == "watch" and args.until and not args.since:
      raise Usage("--until needs --since")
    return run(args)
  except KeyboardInterrupt:
    return 0 if args.run in (watch, report_metrics) else 1  # these end no other way
  except Usage as error:
    complain("ctl", error)
    return 2
  except SouthboundError as error:
    complain("ctl", error)
    return 1


def run(args):
  try:
    password = password_from(args.password_file)
  except OSError as error:
    raise Usage(f"cannot read the password file {args.password_file}: {error.strerror}") from error
  if args.key and not os.path.isfile(args.key):
    raise Usage(f"no key file {args.key}")
  if password is None and args.key is None:
    raise Usage("no password: set SOUTHBOUND_ADMIN_PASSWORD, or give --password-file (an instance that made its own "
                "keeps it in HOME/admin-password) or --key")
  with Client(*args.to, args.user, password, args.key, args.insecure, args.timeout_seconds) as nf:
    text = args.run(nf, args)
    if text is None:
      return 0  # printed as it came
    if args.json:
      say(json.dumps(nf.output if args.answer is None else args.answer, indent=2))
    elif text:
      say(text)
  return 0
