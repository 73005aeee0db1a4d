#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""facts.py CAPTURE...: the facts in README.md, computed by tshark; exit 1 if a checksum is bad or a TCP flow lacks its SYN."""
import collections
import os
import subprocess
import sys

FIELDS = ("frame.time_relative frame.len ip.src ip.dst ipv6.src ipv6.dst tcp.srcport tcp.dstport udp.srcport udp.dstport tcp.stream "
          "tcp.flags ip.checksum.status tcp.checksum.status udp.checksum.status icmp.checksum.status icmpv6.checksum.status "
          "icmp.type icmp.ident icmpv6.type icmpv6.echo.identifier ip.flags.mf ip.frag_offset ipv6.fraghdr.ident arp.opcode "
          "tcp.analysis.retransmission tcp.analysis.out_of_order tcp.analysis.lost_segment tcp.analysis.duplicate_ack "
          "tcp.analysis.zero_window tcp.analysis.zero_window_probe tcp.analysis.window_full tcp.analysis.keep_alive "
          "tcp.analysis.reused_ports _ws.malformed").split()
CHECKS = ("ip", "tcp", "udp")
FIN, SYN, RST, ACK = 1, 2, 4, 16


def rows(capture):
    command = ["tshark", "-n", "-r", capture, "-T", "fields", "-E", "occurrence=f", "-E", "separator=/t"]
    for check in CHECKS:
        command += ["-o", f"{check}.check_checksum:TRUE"]
    for field in FIELDS:
        command += ["-e", field]
    names = [field.replace(".", "_") for field in FIELDS]
    Row = collections.namedtuple("Row", [name.lstrip("_") for name in names])
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        yield Row(*line.split("\t"))


def facts(capture):
    flows = collections.defaultdict(set)
    counts = collections.Counter()
    status = collections.defaultdict(collections.Counter)
    first, last, ended, streams = {}, {}, {}, set()
    seconds = collections.Counter()
    size = largest = 0
    end = 0.0
    for row in rows(capture):
        end = float(row.frame_time_relative)
        seconds[int(end)] += 1
        size += int(row.frame_len)
        largest = max(largest, int(row.frame_len))
        counts["packets"] += 1
        for name in row._fields:
            if name.startswith("tcp_analysis") or name == "ws_malformed":
                counts[name] += bool(getattr(row, name))
        if row.arp_opcode:
            counts["ARP"] += 1
            continue
        version = "IPv4" if row.ip_src else "IPv6"
        counts[version] += 1
        counts["fragments"] += row.ip_flags_mf in ("1", "True") or row.ip_frag_offset not in ("", "0") or bool(row.ipv6_fraghdr_ident)
        status["IPv4"][row.ip_checksum_status] += 1
        hosts = (row.ip_src or row.ipv6_src, row.ip_dst or row.ipv6_dst)
        # An ICMP error quotes a packet of another flow: look at ICMP first.
        if row.icmp_type or row.icmpv6_type:
            status["ICMP"][row.icmp_checksum_status or row.icmpv6_checksum_status] += 1
            if row.icmp_type in ("0", "8") or row.icmpv6_type in ("128", "129"):
                flows["ICMP " + version].add((frozenset(hosts), row.icmp_ident or row.icmpv6_echo_identifier))
            elif row.icmp_type or int(row.icmpv6_type) < 128:
                counts["ICMP errors"] += 1
            else:
                counts["neighbour and multicast listener discovery"] += 1
        elif row.tcp_srcport:
            status["TCP"][row.tcp_checksum_status] += 1
            flow = frozenset(zip(hosts, (row.tcp_srcport, row.tcp_dstport)))
            flows["TCP " + version].add(flow)
            streams.add(row.tcp_stream)
            flags = int(row.tcp_flags, 16)
            first.setdefault(flow, (end, flags))
            last[flow] = end
            if flags & RST:
                ended[flow] = "reset"
            elif flags & FIN:
                ended.setdefault(flow, set())
                if ended[flow] != "reset":
                    ended[flow] |= {hosts[0]}
        elif row.udp_srcport:
            status["UDP"][row.udp_checksum_status] += 1
            flows["UDP " + version].add(frozenset(zip(hosts, (row.udp_srcport, row.udp_dstport))))

    steps = sorted([(at, 1) for at, _ in first.values()] + [(at, -1) for at in last.values()])
    open_now = most = 0
    above = []
    for at, step in steps:
        open_now += step
        most = max(most, open_now)
        if open_now >= 500:
            above.append(at)
    no_syn = sum(flags & (SYN | ACK) != SYN for _, flags in first.values())
    not_ended = sum(not (ended.get(flow) == "reset" or len(ended.get(flow, ())) == 2) for flow in first)
    bad = sum(check["0"] for check in status.values())

    table = [("size", f"{os.path.getsize(capture):,} bytes compressed, {size:,} bytes of frames"),
             ("packets", f"{counts['packets']:,}: IPv4 {counts['IPv4']:,}, IPv6 {counts['IPv6']:,}, ARP {counts['ARP']:,}"),
             ("duration", f"{end:.1f} s"),
             ("packets in a second", f"{min(seconds[n] for n in range(1, int(end)))} to {max(seconds.values())}" if end > 10 else "-"),
             ("flows (bidirectional 5-tuples, ICMP echo by identifier)",
              f"{sum(map(len, flows.values())):,}: " + ", ".join(f"{name} {len(found)}" for name, found in sorted(flows.items()))),
             ("TCP flows open at once", f"{most}" + (f"; at least 500 from {above[0]:.1f} s to {above[-1]:.1f} s" if above else "")),
             ("TCP flows without their SYN / not ended / 5-tuple used again",
              f"{no_syn} / {not_ended} / {len(streams) - len(first)}"),
             ("TCP flows ended by FIN both ways / by RST",
              f"{len(first) - not_ended - sum(e == 'reset' for e in ended.values())} / {sum(e == 'reset' for e in ended.values())}"),
             ("other ICMP", f"errors {counts['ICMP errors']}, neighbour and multicast listener discovery "
                            f"{counts['neighbour and multicast listener discovery']}"),
             ("fragments", f"{counts['fragments']}"),
             ("largest frame", f"{largest} bytes"),
             ("checksums right / bad / not in this fragment",
              ", ".join(f"{name} {check['1']:,} / {check['0']} / {sum(check.values()) - check['1'] - check['0']}"
                        for name, check in ((name, check) for name, check in status.items() if name != "IPv4"))
              + f", IPv4 header {status['IPv4']['1']:,} / {status['IPv4']['0']} / 0"),
             ("tshark's remarks", ", ".join(f"{name.removeprefix('tcp_analysis_').removeprefix('ws_').replace('_', ' ')} {counts[name]}"
                                            for name in counts if name.startswith("tcp_analysis") or name == "ws_malformed"))]
    print(f"### {os.path.basename(capture)}\n\n| | |\n|---|---|")
    for name, value in table:
        print(f"| {name} | {value} |")
    print()
    return bad == 0 and no_syn == 0


good = [facts(capture) for capture in sys.argv[1:]]
if not good:
    sys.exit(__doc__)
sys.exit(0 if all(good) else 1)
