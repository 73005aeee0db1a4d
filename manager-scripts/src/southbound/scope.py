# SPDX-License-Identifier: Apache-2.0
"""Scopes and hops: the flow spaces and the NF instances that calls name, and how they are written in a line of text."""
import ipaddress
import re
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Optional, Tuple

PROTOCOLS = {"tcp": 6, "udp": 17, "sctp": 132, "dccp": 33, "icmp": 1, "icmpv6": 58}
PORTED = (6, 17, 33, 132)
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,63}")


@dataclass(frozen=True)
class Scope:
  """A set of flows; what is None matches anything. `source` and `destination` are prefixes, ports are (first, last).

  Text: ``any``, or ``[PROTOCOL] [ipv4|ipv6] [ENDPOINT -> ENDPOINT] [vlan N] [dscp N] [label N] [flow-label N]
  [forward|reverse]``, where PROTOCOL is tcp, udp, sctp, dccp, icmp, icmpv6 or ``protocol N`` and ENDPOINT is
  ``any[:PORTS]``, ``10.0.0.0/8[:PORTS]``, ``2001:db8::/32`` or ``[2001:db8::/32]:PORTS``.
  """
  direction: str = "both"
  protocol: Optional[int] = None
  version: Optional[int] = None
  source: Optional[str] = None
  destination: Optional[str] = None
  source_ports: Optional[Tuple[int, int]] = None
  destination_ports: Optional[Tuple[int, int]] = None
  vlan: Optional[int] = None
  dscp: Optional[int] = None
  label: Optional[int] = None
  flow_label: Optional[int] = None

  def __post_init__(self):
    version = self.version
    for name in ("source", "destination"):
      prefix = getattr(self, name)
      if prefix is None:
        continue
      try:
        network = ipaddress.ip_network(prefix, strict=False)
      except ValueError as error:
        raise ValueError(f"{prefix!r} is no prefix") from error
      if version not in (None, network.version):
        raise ValueError("IPv4 and IPv6 in one scope")
      version = network.version
      object.__setattr__(self, name, str(network) if network.prefixlen else None)
    if self.flow_label is not None:
      if version == 4:
        raise ValueError("a flow label is of IPv6 only")
      version = 6
    object.__setattr__(self, "version", version)
    for name, low, high in (("protocol", 0, 255), ("vlan", 1, 4094), ("dscp", 0, 63), ("label", 1, 0xffffff), ("flow_label", 0, 0xfffff)):
      value = getattr(self, name)
      if value is not None and not low <= value <= high:
        raise ValueError(f"{name.replace('_', '-')} is {low} to {high}, not {value}")
    for ports in (self.source_ports, self.destination_ports):
      if ports is None:
        continue
      if not 0 <= ports[0] <= ports[1] <= 0xffff:
        raise ValueError(f"ports are 0 to 65535, the lower first, not {ports[0]}-{ports[1]}")
      if self.protocol not in PORTED:
        raise ValueError("a port match needs tcp, udp, sctp or dccp")
    if self.direction not in ("both", "forward", "reverse"):
      raise ValueError(f"a direction is both, forward or reverse, not {self.direction!r}")

  @classmethod
  def parse(cls, text: str) -> "Scope":
    """Reads the text of a scope; raises ValueError that says what is wrong."""
    words = text.replace("->", " -> ").split()
    if words in (["any"], []):
      return cls()
    fields: Dict[str, Any] = {}
    try:
      if "->" in words:
        at = words.index("->")
        if at == 0 or at + 1 == len(words):
          raise ValueError("an endpoint is missing beside ->")
        fields["source"], fields["source_ports"] = _endpoint(words[at - 1])
        fields["destination"], fields["destination_ports"] = _endpoint(words[at + 1])
        del words[at - 1:at + 2]
      while words:
        word = words.pop(0)
        if word in PROTOCOLS:
          name, value = "protocol", PROTOCOLS[word]
        elif word in ("ipv4", "ipv6"):
          name, value = "version", int(word[3])
        elif word in ("forward", "reverse", "both"):
          name, value = "direction", word
        elif word in ("protocol", "vlan", "dscp", "label", "flow-label"):
          name, value = word.replace("-", "_"), _number(words.pop(0) if words else "", word)
        else:
          raise ValueError(f"{word!r} is not expected")
        if name in fields:
          raise ValueError(f"{word!r} comes too late: {name.replace('_', '-')} is given already")
        fields[name] = value
      return cls(**fields)
    except ValueError as error:
      raise ValueError(f"scope {text!r}: {error}; for example: tcp 10.0.0.0/8 -> 192.0.2.0/24:80 vlan 5") from error

  def __str__(self) -> str:
    parts: List[str] = []
    if self.protocol is not None:
      parts.append(next((name for name, number in PROTOCOLS.items() if number == self.protocol), f"protocol {self.protocol}"))
    if self.version and not self.source and not self.destination and self.flow_label is None:
      parts.append(f"ipv{self.version}")
    ends = _write(self.source, self.source_ports), _write(self.destination, self.destination_ports)
    if ends != ("any", "any"):
      parts += [ends[0], "->", ends[1]]
    for name in ("vlan", "dscp", "label", "flow_label"):
      if getattr(self, name) is not None:
        parts.append(f"{name.replace('_', '-')} {getattr(self, name)}")
    if self.direction != "both":
      parts.append(self.direction)
    return " ".join(parts) or "any"

  def data(self) -> Dict[str, Any]:
    """The nodes of the YANG grouping scope."""
    family = {"source": self.source, "destination": self.destination}
    if self.version == 6:
      family["flow-label"] = self.flow_label
    return _given({"direction": None if self.direction == "both" else self.direction, "protocol": self.protocol,
                   f"ipv{self.version}": _given(family) if self.version else None, "source-port": _range(self.source_ports),
                   "destination-port": _range(self.destination_ports), "vlan-id": self.vlan, "dscp": self.dscp, "label": self.label})

  @classmethod
  def of(cls, data: Optional[Dict[str, Any]]) -> "Scope":
    """The scope that these nodes say."""
    data = data or {}
    version = 4 if "ipv4" in data else 6 if "ipv6" in data else None
    family = data.get(f"ipv{version}", {})
    return cls(data.get("direction", "both"), data.get("protocol"), version, family.get("source"), family.get("destination"),
               _bounds(data.get("source-port")), _bounds(data.get("destination-port")), data.get("vlan-id"), data.get("dscp"),
               data.get("label"), family.get("flow-label"))


def _endpoint(text):
  """(prefix or None, ports or None)."""
  match = re.fullmatch(r"\[(?P<v6>[^\]]*)\](?::(?P<ports>.*))?", text) or re.fullmatch(r"(?P<v4>[^:]*)(?::(?P<ports4>[^:]*))?", text)
  if not match:
    return text, None  # IPv6 without ports
  groups = match.groupdict()
  prefix = groups.get("v6") or groups.get("v4") or ""
  ports = groups.get("ports") or groups.get("ports4")
  return None if prefix in ("any", "") else prefix, _ports(ports) if ports is not None else None


def _ports(text):
  lower, dash, upper = text.partition("-")
  first = _number(lower, "a port")
  return first, _number(upper, "a port") if dash else first


def _number(text, what):
  if not re.fullmatch(r"[0-9]{1,8}", text):
    raise ValueError(f"{text!r} is no number for {what}")
  return int(text)


def _write(prefix, ports):
  if ports is None:
    return prefix or "any"
  base = "any" if prefix is None else f"[{prefix}]" if ":" in prefix else prefix
  return f"{base}:{ports[0]}" if ports[0] == ports[1] else f"{base}:{ports[0]}-{ports[1]}"


def _range(ports):
  if ports is None:
    return None
  return _given({"lower-port": ports[0], "upper-port": ports[1] if ports[1] != ports[0] else None})


def _bounds(data):
  if not data or "lower-port" not in data:
    return None
  return data["lower-port"], data.get("upper-port", data["lower-port"])


def _given(data):
  return {key: value for key, value in data.items() if value is not None}


@dataclass(frozen=True)
class Hop:
  """An NF instance, or a group of them, as a hop of a chain or a destination of state.

  Text: ``fw1`` (a peer that the NF knows), ``fw1@HOST[:DATA_PORT[:PEER_PORT]]``, ``HOST:DATA_PORT[:PEER_PORT]``, an IP
  address, ``group:NAME``. An IPv6 address before a port is in brackets.
  """
  nf: Optional[str] = None
  host: Optional[str] = None
  port: Optional[int] = None
  peer_port: Optional[int] = None
  group: Optional[str] = None

  @classmethod
  def parse(cls, text: str) -> "Hop":
    """Reads the text of a hop; raises ValueError that says what is wrong."""
    if text.startswith("group:") and NAME.fullmatch(text[6:]):
      return cls(group=text[6:])
    name, at, address = text.rpartition("@")
    if at and not NAME.fullmatch(name):
      raise ValueError(f"hop {text!r}: {name!r} is no name of an NF")
    if not at and NAME.fullmatch(address) and not _is_address(address):
      return cls(nf=address)
    if _is_address(address):
      return cls(name or None, address)
    match = re.fullmatch(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9_.\-]+))(?::(?P<data>\d{1,5})(?::(?P<peer>\d{1,5}))?)?", address)
    ports = [int(each) for each in (match["data"], match["peer"]) if each] if match else []
    if not match or any(not 0 < port < 65536 for port in ports):
      raise ValueError(f"hop {text!r}: write NAME, NAME@HOST:DATA_PORT:PEER_PORT, HOST:DATA_PORT:PEER_PORT or group:NAME")
    return cls(name or None, match["v6"] or match["host"], *ports)

  def __str__(self) -> str:
    if self.group:
      return f"group:{self.group}"
    if not self.host:
      return self.nf or ""
    host = f"[{self.host}]" if ":" in self.host and self.port else self.host
    address = ":".join(str(each) for each in (host, self.port, self.peer_port) if each)
    return f"{self.nf}@{address}" if self.nf else address

  def data(self) -> Dict[str, Any]:
    """The nodes of the YANG grouping endpoint (with the group of a chain's hop)."""
    ip = _given({"host": self.host, "port": self.port, "peer-port": self.peer_port})
    return _given({"nf": self.nf, "ip": ip if self.host else None, "group": self.group})

  @classmethod
  def of(cls, data: Optional[Dict[str, Any]]) -> Optional["Hop"]:
    """The hop that these nodes say, or None where there is none."""
    data = data or {}
    ip = data.get("ip", {})
    hop = cls(data.get("nf"), ip.get("host"), ip.get("port"), ip.get("peer-port"), data.get("group"))
    return hop if hop != cls() else None


def _is_address(text):
  try:
    ipaddress.ip_address(text)
    return True
  except ValueError:
    return False


def scope(value) -> Scope:
  """A scope from a scope, a text or None (everything)."""
  return Scope() if value is None else Scope.parse(value) if isinstance(value, str) else value


def hop(value) -> Hop:
  """A hop from a hop or a text."""
  return Hop.parse(value) if isinstance(value, str) else value


def hops(values: Iterable) -> List[Dict[str, Any]]:
  """The list next-hop of these hops."""
  return [{"position": position, **hop(each).data()} for position, each in enumerate(values, 1)]
