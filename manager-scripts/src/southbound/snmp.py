# SPDX-License-Identifier: Apache-2.0
"""Just enough SNMPv2c to read a table: GETNEXT over UDP, BER by hand (RFC 3416, X.690), so that nothing need be installed."""
import itertools
import random
import socket
from typing import Dict, List, Tuple, Union

Oid = Tuple[int, ...]
Value = Union[int, bytes, str, Oid, None]
ROOT: Oid = (1, 3, 6, 1, 4, 1, 32473, 2016)
INTEGER, OCTETS, NULL, OBJECT, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
GET_NEXT, RESPONSE, END_OF_VIEW = 0xA1, 0xA2, 0x82


class SnmpError(Exception):
  """No answer, or one that says no."""


def encode(tag: int, content: bytes) -> bytes:
  size = len(content)
  if size < 0x80:
    return bytes([tag, size]) + content
  length = size.to_bytes((size.bit_length() + 7) // 8, "big")
  return bytes([tag, 0x80 | len(length)]) + length + content


def encode_integer(value: int) -> bytes:
  return encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def encode_oid(oid: Oid) -> bytes:
  content = bytearray([oid[0] * 40 + oid[1]])
  for number in oid[2:]:
    groups = [number & 0x7F]
    while number := number >> 7:
      groups.append(0x80 | number & 0x7F)
    content += bytes(reversed(groups))
  return encode(OBJECT, bytes(content))


def decode(data: bytes, at: int = 0) -> Tuple[int, bytes, int]:
  """(tag, content, where the next element begins); raises SnmpError for what is cut off."""
  try:
    tag, size = data[at], data[at + 1]
    at += 2
    if size & 0x80:
      count = size & 0x7F
      size = int.from_bytes(data[at:at + count], "big")
      at += count
  except IndexError as error:
    raise SnmpError("the answer is cut off") from error
  if at + size > len(data):
    raise SnmpError("the answer is cut off")
  return tag, data[at:at + size], at + size


def elements(content: bytes) -> List[Tuple[int, bytes]]:
  found, at = [], 0
  while at < len(content):
    tag, inner, at = decode(content, at)
    found.append((tag, inner))
  return found


def decode_oid(content: bytes) -> Oid:
  if not content:
    return ()
  oid, number = [min(content[0] // 40, 2)], 0
  oid.append(content[0] - 40 * oid[0])
  for octet in content[1:]:
    number = number << 7 | octet & 0x7F
    if not octet & 0x80:
      oid.append(number)
      number = 0
  return tuple(oid)


def decode_value(tag: int, content: bytes) -> Value:
  if tag == INTEGER:
    return int.from_bytes(content, "big", signed=True)
  if tag in (0x41, 0x42, 0x43, 0x46):  # Counter32, Gauge32, TimeTicks, Counter64
    return int.from_bytes(content, "big")
  if tag == OBJECT:
    return decode_oid(content)
  return content if tag == OCTETS else None


class Agent:
  """An SNMP agent, read with a community."""

  def __init__(self, host: str, port: int, community: str = "public", timeout: float = 2, tries: int = 3):
    self.address, self.community, self.tries = (host, port), community.encode(), tries
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    self._socket = socket.socket(family, socket.SOCK_DGRAM)
    self._socket.settimeout(timeout)
    self._ids = itertools.count(random.randrange(1, 2**24))

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self._socket.close()

  def next(self, oid: Oid) -> Tuple[Oid, int, Value]:
    """The first object after `oid`: its name, type and value. The type is END_OF_VIEW when there is none."""
    number = next(self._ids)
    binding = encode(SEQUENCE, encode(SEQUENCE, encode_oid(oid) + encode(NULL, b"")))
    request = encode(GET_NEXT, encode_integer(number) + encode_integer(0) + encode_integer(0) + binding)
    message = encode(SEQUENCE, encode_integer(1) + encode(OCTETS, self.community) + request)
    for _ in range(self.tries):
      self._socket.sendto(message, self.address)
      try:
        while True:
          answer = self._read(self._socket.recv(65535), number)
          if answer:
            return answer
      except socket.timeout:
        continue
      except OSError as error:
        raise SnmpError(f"no SNMP agent at {self.address[0]}:{self.address[1]} ({error.strerror})") from error
    raise SnmpError(f"no answer from the SNMP agent at {self.address[0]}:{self.address[1]}")

  @staticmethod
  def _read(data, number):
    """What is bound in the response to request `number`, or None for another's."""
    message = elements(decode(data)[1])
    if len(message) != 3 or message[2][0] != RESPONSE:
      return None
    fields = elements(message[2][1])
    if decode_value(*fields[0]) != number:
      return None
    if decode_value(*fields[1]):
      raise SnmpError(f"the agent answers error {decode_value(*fields[1])}")
    name, value = elements(elements(fields[3][1])[0][1])
    return decode_oid(name[1]), value[0], decode_value(*value)

  def walk(self, root: Oid) -> Dict[Oid, Value]:
    """All objects below `root`."""
    found: Dict[Oid, Value] = {}
    oid = root
    while True:
      following, tag, value = self.next(oid)
      if tag == END_OF_VIEW or following[:len(root)] != root:
        return found
      if following <= oid:
        raise SnmpError("the agent's objects are not in order")
      found[following] = value
      oid = following

  def metrics(self, root: Oid = ROOT) -> Dict[str, int]:
    """The metrics table of SOUTHBOUND-MIB: the exact values by name."""
    entry = root + (1, 1, 1)
    cells = {oid[len(entry):]: value for oid, value in self.walk(root + (1, 1)).items() if oid[:len(entry)] == entry}
    names = {cell[1:]: value.decode() for cell, value in cells.items() if cell[0] == 2}
    return {name: int(cells[(5,) + index]) for index, name in names.items() if (5,) + index in cells}
