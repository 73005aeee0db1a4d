#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A router with masquerade by nftables, in a network namespace of its own: give it frames, and see what leaves.

Needs root, nft and ip. Reads lines "inside HEX" or "outside HEX", a frame that a host on that side sends; answers each by a line
"inside HEX" or "outside HEX", the frame that left on that side, or "-". Inside is 10.0.0.0/8, the external address 203.0.113.1.
"""
import ctypes
import os
import select
import socket
import subprocess
import sys

CLONE_NEWNET = 0x40000000
ETH_P_ALL = 3
OUTGOING = 4
SECONDS = 0.1
RULES = """
table ip nat { chain post { type nat hook postrouting priority 100;
  ip saddr 10.0.0.0/8 oifname "outside0" masquerade; }; }
table ip own { chain in { type filter hook input priority 0; policy drop; }; }
"""


def run(command):
  subprocess.run(command.split(), check=True)


def side(name, address):
  """A pair: the router's end has the address, the other one is where hosts are."""
  run(f"ip link add {name}0 type veth peer name {name}1")
  for end in (f"{name}0", f"{name}1"):
    with open(f"/proc/sys/net/ipv6/conf/{end}/disable_ipv6", "w") as out:
      out.write("1")
    run(f"ip link set {end} arp off up")
  run(f"ip addr add {address} dev {name}0")
  with open(f"/proc/sys/net/ipv4/conf/{name}0/rp_filter", "w") as out:
    out.write("0")
  host = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
  host.bind((f"{name}1", ETH_P_ALL))
  with open(f"/sys/class/net/{name}0/address") as mac:
    return host, bytes.fromhex(mac.read().strip().replace(":", ""))


def main():
  if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
    sys.exit("no network namespace: " + os.strerror(ctypes.get_errno()))
  # What sysfs shows of interfaces is that of the namespace in which it was mounted.
  if ctypes.CDLL(None).unshare(0x00020000) == 0:
    subprocess.run(["mount", "--make-rprivate", "/"], check=False)
    subprocess.run(["mount", "-t", "sysfs", "sysfs", "/sys"], check=False)
  sides = {"inside": side("inside", "10.255.255.254/8"), "outside": side("outside", "203.0.113.1/32")}
  run("ip route add default dev outside0")
  with open("/proc/sys/net/ipv4/ip_forward", "w") as out:
    out.write("1")
  subprocess.run(["nft", "-f", "-"], input=RULES, text=True, check=True)
  names = {host: name for name, (host, mac) in sides.items()}
  print("ready", flush=True)
  for line in sys.stdin:
    name, frame = line.split()
    host, mac = sides[name]
    host.send(mac + bytes.fromhex(frame)[6:])
    print(leaving(names), flush=True)


def leaving(names):
  while True:
    ready, _, _ = select.select(list(names), [], [], SECONDS)
    if not ready:
      return "-"
    for host in ready:
      frame, address = host.recvfrom(65535)
      if address[2] != OUTGOING and frame[12:14] == b"\x08\x00":
        return f"{names[host]} {frame.hex()}"


if __name__ == "__main__":
  main()
