#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Packets with many combinations of headers, and what is in them: see README.md beside this file."""

import ipaddress
import random

from scapy.contrib.mpls import MPLS
from scapy.contrib.nsh import NSH, NSHTLV
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_RR, IPOption_Router_Alert
from scapy.layers.inet6 import (
    HBHOptUnknown, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6PacketTooBig, ICMPv6TimeExceeded, IPv6,
    IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting)
from scapy.layers.ipsec import ESP
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether, GRE
from scapy.layers.sctp import SCTP, SCTPChunkInit
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

rng = random.Random(8300)
ETHER = dict(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
PORTS = {6, 17, 33, 132, 136}


def links():
    yield "plain", Ether(**ETHER), 0
    yield "vlan", Ether(**ETHER) / Dot1Q(vlan=42, prio=5), 42
    yield "qinq", Ether(**ETHER) / Dot1AD(vlan=100) / Dot1Q(vlan=7), 100
    yield "priority", Ether(**ETHER) / Dot1Q(vlan=0, prio=7), 0


def networks():
    for source, destination in (("10.0.0.1", "192.0.2.7"), ("192.0.2.7", "10.0.0.1"), ("200.1.1.1", "200.1.1.1")):
        ip = dict(src=source, dst=destination, ttl=rng.randint(1, 255), id=rng.randint(0, 65535), tos=rng.randint(0, 255))
        yield "ipv4", IP(**ip)
    yield "ipv4-options", IP(src="10.9.8.7", dst="10.0.0.9", options=[IPOption_Router_Alert(), IPOption_RR(length=11)])
    for source, destination in (("2001:db8::1", "fd00::9"), ("fd00::9", "2001:db8::1"), ("2001:db8::5", "2001:db8::5")):
        yield "ipv6", IPv6(src=source, dst=destination, hlim=rng.randint(1, 255), fl=rng.randint(0, 0xfffff),
                           tc=rng.randint(0, 255))
    base = IPv6(src="2001:db8::1", dst="2001:db8::2")
    yield "ipv6-hop", base / IPv6ExtHdrHopByHop(options=HBHOptUnknown(otype=0x1e, optdata=b"abcdefgh"))
    yield "ipv6-routing", base / IPv6ExtHdrRouting(segleft=0, addresses=["2001:db8::7"])
    yield "ipv6-chain", (base / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrRouting(segleft=0)
                         / IPv6ExtHdrDestOpt())
    yield "ipv6-atomic", base / IPv6ExtHdrFragment(offset=0, m=0, id=77)


def transports(version):
    yield "tcp", TCP(sport=40000, dport=80, seq=rng.getrandbits(32), ack=rng.getrandbits(32), flags="PA", window=5000)
    yield "tcp-options", TCP(sport=80, dport=40000, flags="SA", seq=1, ack=2, window=64000,
                             options=[("MSS", 1460), ("SAckOK", b""), ("Timestamp", (123456, 654321)), ("NOP", None),
                                      ("WScale", 7)])
    yield "tcp-sack", TCP(sport=1, dport=65535, flags="ECU", options=[("NOP", None), ("NOP", None), ("SAck", (1, 2, 3, 4))])
    yield "udp", UDP(sport=53, dport=33333)
    yield "udp-equal", UDP(sport=500, dport=500)
    yield "sctp", SCTP(sport=3000, dport=2000, tag=0x01020304) / SCTPChunkInit()
    yield "gre", GRE(proto=0x6558)
    yield "esp", ESP(spi=9, seq=3)
    if version == 4:
        yield "icmp-echo", ICMP(type=8, id=4711, seq=3)
        yield "icmp-reply", ICMP(type=0, id=4711, seq=3)
        yield "icmp-time", ICMP(type=13, id=99)
        quoted = IP(src="192.0.2.7", dst="10.0.0.1") / TCP(sport=80, dport=40000, seq=5)
        yield "icmp-error", ICMP(type=3, code=3) / Raw(bytes(quoted)[:28])
    else:
        yield "icmp6-echo", ICMPv6EchoRequest(id=4711, seq=9)
        yield "icmp6-reply", ICMPv6EchoReply(id=4711, seq=9)
        quoted = IPv6(src="fd00::9", dst="2001:db8::1") / UDP(sport=80, dport=40000) / Raw(b"x" * 30)
        yield "icmp6-big", ICMPv6PacketTooBig(mtu=1280) / Raw(bytes(quoted))
        yield "icmp6-time", ICMPv6TimeExceeded() / Raw(bytes(quoted))


def number(address):
    return int(ipaddress.ip_address(address))


def flow(version, source, destination, sport, dport, protocol, vlan):
    """The five words of the key, computed from its description alone."""
    a, b = (number(source), sport), (number(destination), dport)
    turned = a > b
    if turned:
        a, b = b, a
    words = [a[0] >> 64, a[0] & (1 << 64) - 1, b[0] >> 64, b[0] & (1 << 64) - 1,
             a[1] << 48 | b[1] << 32 | vlan << 16 | protocol << 8 | version]
    return {"key": ".".join("%x" % word for word in words), "reversed": str(turned).lower()}


def ports(protocol, layer):
    if protocol in PORTS:
        return layer.sport, layer.dport
    if layer is not None and layer.name == "ICMP" and layer.type in (0, 8, 13, 14):
        return layer.id, layer.id
    if layer is not None and layer.name in ("ICMPv6 Echo Request", "ICMPv6 Echo Reply"):
        return layer.id, layer.id
    return 0, 0


def facts(frame, vlan):
    """What is in a frame, as scapy reads it back."""
    ip = frame
    while ip.name not in ("IP", "IPv6"):
        ip = ip.payload
    found = {"dst": "%x" % number_of_mac(frame.dst), "src": "%x" % number_of_mac(frame.src), "vlan": vlan,
             "version": ip.version}
    layer = ip
    protocol = None
    while True:
        if layer.name == "IP":
            protocol = layer.proto
        elif "nh" in layer.fields:
            protocol = layer.nh
        nxt = layer.payload
        if not nxt or not ("nh" in nxt.fields and nxt.name != "ESP"):
            break
        layer = nxt
    transport = layer.payload
    sport, dport = ports(protocol, transport)
    found.update(protocol=protocol, ttl=ip.ttl if ip.version == 4 else ip.hlim,
                 dscp=(ip.tos if ip.version == 4 else ip.tc) >> 2, ecn=(ip.tos if ip.version == 4 else ip.tc) & 3,
                 l4="%x" % (len(frame) - len(transport)))
    if ip.version == 4:
        found.update(id=ip.id, total=ip.len, ipv4sum=ip.chksum, header=ip.ihl * 4)
    else:
        found.update(label=ip.fl, total=ip.plen)
    if transport.name == "TCP":
        options = dict(transport.options)
        found.update(seq=transport.seq, ack=transport.ack, flags=int(transport.flags), window=transport.window,
                     sum=transport.chksum, doff=transport.dataofs * 4, mss=options.get("MSS", -1),
                     wscale=options.get("WScale", -1), sack=str("SAckOK" in options).lower(),
                     tsval=options.get("Timestamp", (-1, 0))[0])
    elif transport.name == "UDP":
        found.update(length=transport.len, sum=transport.chksum)
    elif transport.name == "SCTP":
        found.update(tag=transport.tag, crc=transport.chksum)
    elif transport.name.startswith("ICMP"):
        found.update(type=transport.type, code=transport.code,
                     sum=transport.chksum if ip.version == 4 else transport.cksum)
    found.update(flow(ip.version, ip.src, ip.dst, sport, dport, protocol, vlan))
    if transport.name == "ICMP" and transport.type == 3:
        found["related"] = flow(4, "192.0.2.7", "10.0.0.1", 80, 40000, 6, vlan)["key"]
    if transport.name in ("ICMPv6 Packet Too Big", "ICMPv6 Time Exceeded"):
        found["related"] = flow(6, "fd00::9", "2001:db8::1", 80, 40000, 17, vlan)["key"]
    return found


def number_of_mac(text):
    return int(text.replace(":", ""), 16)


def show(name, packet, found):
    print(name, bytes(packet).hex(), *("%s=%s" % pair for pair in found.items()), sep="\t")


def main():
    for link_name, link, vlan in links():
        for network_name, network in networks():
            for transport_name, transport in transports(network.version):
                packet = Ether(bytes(link / network / transport / Raw(rng.randbytes(rng.randint(0, 40)))))
                show("ip:%s %s %s" % (link_name, network_name, transport_name), packet, facts(packet, vlan))
    for name, packet in (("arp", Ether(**ETHER) / ARP()), ("mpls", Ether(**ETHER) / MPLS(label=5) / IP() / UDP()),
                         ("llc", Ether(**ETHER, type=60) / Raw(b"\xaa\xaa\x03" + b"x" * 57))):
        show("other:" + name, packet, {"type": int.from_bytes(bytes(packet)[12:14], "big")})
    inner = Ether(**ETHER) / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=2) / Raw(b"inner")
    for oam, ttl, spi, si in ((0, 63, 1, 255), (1, 1, 0xffffff, 1), (0, 0, 0x123456, 128)):
        words = [rng.getrandbits(32) for _ in range(4)]
        context = b"".join(word.to_bytes(4, "big") for word in words)
        nsh = NSH(oam=oam, ttl=ttl, spi=spi, si=si, mdtype=1, context_header=context)
        packet = VXLAN(flags=0xc, NextProtocol=4, vni=0xabcdef) / nsh / inner
        show("nsh:type 1", packet, {"oam": oam, "ttl": ttl, "spi": spi, "si": si, "md": 1, "length": 24, "next": 3,
                                    "vni": 0xabcdef, "context": ".".join("%x" % word for word in words)})
    tlvs = [NSHTLV(class_=0xfff6, type=1, length=4, metadata=[]) / Raw(b"\x01\x02\x03\x04"),
            NSHTLV(class_=0x0103, type=9, length=0, metadata=[]),
            NSHTLV(class_=0xfff6, type=2, length=5, metadata=[]) / Raw(b"label\0\0\0")]
    body = b"".join(bytes(tlv) for tlv in tlvs)
    packet = (VXLAN(flags=0xc, NextProtocol=4, vni=5)
              / NSH(mdtype=2, spi=77, si=9, length=2 + len(body) // 4, vlch=tlvs) / inner)
    show("nsh:type 2", packet, {"oam": 0, "ttl": 63, "spi": 77, "si": 9, "md": 2, "length": 8 + len(body), "next": 3,
                                "vni": 5, "metadata": "fff6.1.01020304,103.9.,fff6.2.6c6162656c"})
    packet = VXLAN(flags=0x8, vni=0x42) / inner
    show("vxlan:plain", packet, {"vni": 0x42, "next": 3, "gpe": "false"})
    packet = VXLAN(flags=0xc, NextProtocol=1, vni=0x43) / IP() / UDP()
    show("vxlan:gpe", packet, {"vni": 0x43, "next": 1, "gpe": "true"})


main()
