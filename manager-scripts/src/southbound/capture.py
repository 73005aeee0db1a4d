# SPDX-License-Identifier: Apache-2.0
"""A capture made ready for a run: the IP packets of a pcap file, with clients moved to other addresses so that flows are new.

An address is moved by adding to one of its 16 bit words what is taken from another. The Internet checksum is a sum of
words, so every checksum over it stays right, those of packets quoted in ICMP errors included.
"""
import gzip
import struct
from dataclasses import dataclass
from typing import Callable, Dict, List, Optional, Tuple

CLIENTS_4, CLIENTS_6 = bytes([192, 0, 2]), bytes.fromhex("20010db80001")
ETHERNET, IPV4, IPV6, VLANS = 14, 0x0800, 0x86DD, (0x8100, 0x88A8)
FRAGMENT = 44


@dataclass(frozen=True)
class Facts:
  """What a file holds: a flow is a bidirectional 5-tuple, for ICMP echo both addresses and the identifier."""
  packets: int
  octets: int
  flows: int
  seconds: float


def open_pcap(path: str) -> bytes:
  """The file's octets, unpacked if they are packed."""
  with open(path, "rb") as file:
    data = file.read()
  return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def records(data: bytes) -> Tuple[bytes, List[Tuple[bytes, bytes]], str, int]:
  """The file header, the packets as (record header, frame), the byte order and the ticks of a second."""
  orders = {b"\xd4\xc3\xb2\xa1": ("<", 10**6), b"\xa1\xb2\xc3\xd4": (">", 10**6), b"\x4d\x3c\xb2\xa1": ("<", 10**9), b"\xa1\xb2\x3c\x4d": (">", 10**9)}
  if data[:4] not in orders or len(data) < 24:
    raise ValueError("not a pcap file")
  order, ticks = orders[data[:4]]
  found, at = [], 24
  while at + 16 <= len(data):
    size = struct.unpack_from(order + "I", data, at + 8)[0]
    if at + 16 + size > len(data):
      raise ValueError("the pcap file is cut off")
    found.append((data[at:at + 16], data[at + 16:at + 16 + size]))
    at += 16 + size
  return data[:24], found, order, ticks


def ip_offset(frame: bytes) -> Optional[int]:
  """Where the IP header begins, or None for what is no IP."""
  at = 12
  while at + 4 <= len(frame) and struct.unpack_from(">H", frame, at)[0] in VLANS:
    at += 4
  kind = struct.unpack_from(">H", frame, at)[0] if at + 2 <= len(frame) else 0
  return at + 2 if kind in (IPV4, IPV6) else None


def layers(frame, at: int) -> Optional[Tuple[int, int, int, int]]:
  """(version, protocol, where the addresses begin, where the transport header begins; -1 in a later fragment)."""
  version = frame[at] >> 4 if at < len(frame) else 0
  if version == 4 and at + 20 <= len(frame):
    later = struct.unpack_from(">H", frame, at + 6)[0] & 0x1FFF
    return 4, frame[at + 9], at + 12, -1 if later else at + (frame[at] & 15) * 4
  if version == 6 and at + 40 <= len(frame):
    protocol, begin = frame[at + 6], at + 40
    while protocol in (0, 43, 60, FRAGMENT) and begin + 8 <= len(frame):
      if protocol == FRAGMENT and struct.unpack_from(">H", frame, begin + 2)[0] >> 3:
        return 6, frame[begin], at + 8, -1
      protocol, begin = frame[begin], begin + (8 if protocol == FRAGMENT else frame[begin + 1] * 8 + 8)
    return 6, protocol, at + 8, begin
  return None


def quotes(version: int, protocol: int, kind: int) -> bool:
  """Whether an ICMP message quotes the packet that it is about."""
  return (version, protocol) == (4, 1) and kind in (3, 4, 5, 11, 12) or (version, protocol) == (6, 58) and kind in (1, 2, 3, 4)


def flow(frame: bytes) -> Optional[Tuple]:
  """The flow's key, or None for what belongs to no flow of its own."""
  at = ip_offset(frame)
  found = None if at is None else layers(frame, at)
  if not found:
    return None
  version, protocol, addresses, transport = found
  size = 4 if version == 4 else 16
  ends = [bytes(frame[addresses:addresses + size]), bytes(frame[addresses + size:addresses + 2 * size])]
  if transport < 0 or transport + 8 > len(frame):
    return None
  if protocol in (6, 17, 132):
    ports = struct.unpack_from(">HH", frame, transport)
  elif (version, protocol, frame[transport]) in ((4, 1, 0), (4, 1, 8), (6, 58, 128), (6, 58, 129)):
    ports = (struct.unpack_from(">H", frame, transport + 4)[0],) * 2
  else:
    return None
  return (protocol, *sorted(zip(ends, ports)))


def move(address: bytes, shift: int) -> bytes:
  """A client's address in the shift-th other network, an address that is no client's as it is. Shift 0 changes nothing.

  IPv4 goes to 198.18.0.0/15 (RFC 2544), a network for tests; IPv6 to another subnet of the same /48. Shifts are 0 to 2.
  """
  if shift == 0 or not address.startswith(CLIENTS_4 if len(address) == 4 else CLIENTS_6):
    return address
  words = list(struct.unpack(f">{len(address) // 2}H", address))
  first, delta = (0, 0xC612 - 0xC000 + shift - 1) if len(words) == 2 else (3, shift)
  words[first] += delta
  words[-1] = (words[-1] - delta) % 0xFFFF
  return struct.pack(f">{len(words)}H", *words)


def shifted(frame: bytes, shift: int) -> bytes:
  """The frame with its clients moved, in a quoted packet too."""
  at = ip_offset(frame)
  changed = bytearray(frame)
  while at is not None and shift:
    found = layers(changed, at)
    if not found:
      break
    version, protocol, addresses, transport = found
    size = 4 if version == 4 else 16
    for begin in (addresses, addresses + size):
      changed[begin:begin + size] = move(bytes(changed[begin:begin + size]), shift)
    inside = 0 <= transport < len(changed) and quotes(version, protocol, changed[transport])
    at = transport + 8 if inside else None
  return bytes(changed)


def prepare(source: str, target: str, shift: int = 0, keep: Callable[[bytes], bool] = lambda frame: True) -> Facts:
  """Writes the IP packets of a capture, with the clients moved; says what the new file holds."""
  header, found, order, ticks = records(open_pcap(source))
  flows: Dict[Tuple, None] = {}
  packets = octets = 0
  times = []
  with open(target, "wb") as file:
    file.write(header)
    for head, frame in found:
      if ip_offset(frame) is None or not keep(frame):
        continue
      frame = shifted(frame, shift)
      file.write(head + frame)
      packets, octets = packets + 1, octets + len(frame)
      second, fraction = struct.unpack_from(order + "II", head)
      times.append(second + fraction / ticks)
      key = flow(frame)
      if key:
        flows[key] = None
  return Facts(packets, octets, len(flows), max(times) - min(times) if times else 0.0)
