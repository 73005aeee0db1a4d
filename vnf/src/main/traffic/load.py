#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The load behind the captures; capture.sh runs it in its namespaces.

load.py pages FOLDER        the web server's pages: made-up words, fixed seed
load.py words CHARACTERS    such words, on one line
load.py echo ADDRESS...     UDP echo server, port 7
load.py mixed|edge FOLDER   the client's side of one capture; FOLDER has user_key and tls.crt
"""
import asyncio
import os
import random
import select
import signal
import socket
import struct
import sys

WEB = ("198.51.100.10", "2001:db8:2::10")
SSH = ("198.51.100.22", "2001:db8:2::22")
DNS = ("198.51.100.53", "2001:db8:2::53")
ECHO = ("198.51.100.70", "2001:db8:2::70")
NOBODY = ("198.51.100.99", "2001:db8:2::99")
CLIENTS = ([f"192.0.2.{n}" for n in range(10, 20)], [f"2001:db8:1::{n}" for n in range(10, 20)])

SECONDS = 30.0  # of load
CONNECTIONS = 600  # TCP, open from the first seconds to the last
DATAGRAM_FLOWS = 40  # UDP, the same
PAGES = 40

dice = random.Random(8300)


VOCABULARY = ["".join(dice.choice("bdfgklmnprstv") + dice.choice("aeiou") for _ in range(n)) for n in (1, 2, 2, 3) * 24]


def words(characters):
    """Text of a small made-up vocabulary: compresses well."""
    text = ""
    while len(text) < characters:
        text += dice.choice(VOCABULARY) + " "
    return text[:characters]


def pages(folder):
    os.makedirs(folder)
    sizes = {f"{n}.txt": dice.randrange(80, 900) for n in range(PAGES)}
    sizes |= {"medium.txt": 6_000, "big.txt": 150_000}
    for name, size in sizes.items():
        with open(os.path.join(folder, name), "w", encoding="ascii") as page:
            page.write(words(size))


def family(address):
    return 1 if ":" in address else 0


def host(address):
    return f"[{address}]" if family(address) else address


def bound(source, kind):
    """A non-blocking socket on a client's address."""
    out = socket.socket(socket.AF_INET6 if family(source) else socket.AF_INET, kind)
    out.setblocking(False)
    out.bind((source, 0))
    return out


async def at(start, second):
    await asyncio.sleep(max(0.0, start + second - asyncio.get_running_loop().time()))


# --- flows that last -------------------------------------------------------------------------------------------------------
async def keep_alive(start, number):
    """One HTTP connection through most of the capture, with a request now and then."""
    v6 = number % 5 in (1, 3)
    source = CLIENTS[v6][number % 10]
    opens = 0.5 + 4.0 * number / CONNECTIONS
    closes = SECONDS - 4.0 + 3.5 * dice.random()
    requests = sorted(dice.uniform(opens + 0.2, closes - 0.2) for _ in range(5))
    kinds = [dice.random() < 0.15 for _ in requests]
    names = [dice.randrange(PAGES) for _ in requests]
    body = words(dice.randrange(50, 500)).encode()

    await at(start, opens)
    out = bound(source, socket.SOCK_STREAM)
    await asyncio.get_running_loop().sock_connect(out, (WEB[v6], 80))
    reader, writer = await asyncio.open_connection(sock=out)
    for second, post, name in zip(requests, kinds, names):
        await at(start, second)
        line, rest = (f"GET /{name}.txt", b"") if not post else (f"POST /post?{number}", body)
        length = f"Content-Length: {len(rest)}\r\n" if post else ""
        writer.write(f"{line} HTTP/1.1\r\nHost: www.example.test\r\n{length}\r\n".encode() + rest)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if not head.startswith("HTTP/1.1 200"):
            raise RuntimeError(head)
        size = next(int(field[15:]) for field in head.split("\r\n") if field.lower().startswith("content-length:"))
        await reader.readexactly(size)
    await at(start, closes)
    if number % 40 == 39:  # some leave without a farewell: a reset
        out.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()
    await writer.wait_closed()


async def datagrams(start, number):
    """One UDP flow through the capture: about one request and answer a second."""
    v6 = number % 5 in (1, 3)
    loop = asyncio.get_running_loop()
    second = 0.5 + 2.0 * number / DATAGRAM_FLOWS
    with bound(CLIENTS[v6][number % 10], socket.SOCK_DGRAM) as out:
        await loop.sock_connect(out, (ECHO[v6], 7))
        while second < SECONDS - 1.0:
            await at(start, second)
            sent = words(dice.randrange(20, 600)).encode()
            await loop.sock_sendall(out, sent)
            if await asyncio.wait_for(loop.sock_recv(out, 2048), 5) != sent:
                raise RuntimeError("the echo is not what was sent")
            second += dice.uniform(0.7, 1.3)


# --- flows that come and go ------------------------------------------------------------------------------------------------
async def run(start, second, command, expected):
    await at(start, second)
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    try:
        output, _ = await asyncio.wait_for(process.communicate(), SECONDS + 20)
    except asyncio.TimeoutError:
        raise RuntimeError(f"does not end: {' '.join(command)}")
    finally:  # also when another part of the load failed or SIGTERM came
        if process.returncode is None:
            process.kill()
    if process.returncode not in expected:
        raise RuntimeError(f"{' '.join(command)}: exit {process.returncode}: {output.decode(errors='replace')[-400:]}")


async def route(start, second, target, source):
    """What traceroute does: datagrams with a hop limit of 1 and 2 to unused ports."""
    v6 = family(target)
    await at(start, second)
    for hops in (1, 1, 1, 2, 2, 2):
        with bound(source, socket.SOCK_DGRAM) as out:
            out.setsockopt(*((socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS) if v6 else (socket.IPPROTO_IP, socket.IP_TTL)), hops)
            out.sendto(words(32).encode(), (target, 33434 + hops))
            await asyncio.sleep(0.05)


async def datagram(start, second, target, source, size):
    """One datagram and its echo."""
    loop = asyncio.get_running_loop()
    await at(start, second)
    with bound(source, socket.SOCK_DGRAM) as out:
        await loop.sock_connect(out, (target, 7))
        await loop.sock_sendall(out, words(size).encode())
        if len(await asyncio.wait_for(loop.sock_recv(out, 65536), 5)) != size:
            raise RuntimeError("the echo is not what was sent")


def mixed(start, folder):
    """The plan: flows that last, then rows of first second, seconds between, times, command, exit codes that are right."""
    plan = [keep_alive(start, n) for n in range(CONNECTIONS)] + [datagrams(start, n) for n in range(DATAGRAM_FLOWS)]
    scratch = os.path.join(folder, "copied")
    upload = os.path.join(folder, "upload.txt")
    with open(upload, "w", encoding="ascii") as text:
        text.write(words(30_000))

    curl = ["curl", "-q", "-sS", "--noproxy", "*", "--http1.1", "--max-time", "60", "-o", "/dev/null", "--fail"]
    key = ["-F", "none", "-i", f"{folder}/user_key", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
           "-o", "BatchMode=yes", "-q"]

    def web(v6, page):
        return f"http://{host(WEB[v6])}/{page}"

    def tls(v6, source, page):
        return curl + ["--cacert", f"{folder}/tls.crt", "--connect-to", f"www.example.test:443:{host(WEB[v6])}:443",
                       "--interface", source, f"https://www.example.test/{page}"]

    def many(v6, count):
        urls = []
        for n in range(count):
            urls += ["-o", "/dev/null", web(v6, f"{n}.txt")]
        return urls[2:]

    def dig(v6, source, *query):
        return ["dig", "-b", source, f"@{DNS[v6]}", "+tries=1", "+time=3", *query]

    names = (["www.example.test", "A"], ["www.example.test", "AAAA"], ["note.example.test", "TXT"], ["files.example.test", "A"],
             ["echo.example.test", "AAAA"], ["nothing.example.test", "A"], ["long.example.test", "TXT"])
    rows = []
    for v6 in (0, 1):
        clients = CLIENTS[v6]
        web_rate, name_rate = (0.18, 0.26) if v6 == 0 else (0.30, 0.42)
        second, n = 1.0 + v6 * 0.1, 0
        while second < SECONDS - 2:
            extra = [["--data", words(300)], ["-H", "Connection: close"], [], [], []][n % 5]
            page = "post" if n % 5 == 0 else f"{n % PAGES}.txt"
            rows.append((second, curl + ["--interface", clients[n % 10], *extra, web(v6, page)], {0}))
            second, n = second + web_rate, n + 1
        second, n = 1.0 + v6 * 0.13, 0
        while second < SECONDS - 2:
            rows.append((second, dig(v6, clients[n % 10], *names[n % len(names)]), {0}))
            second, n = second + name_rate, n + 1
        for n in range(14):  # encrypted bodies do not compress: few and small
            rows.append((2.0 + v6 + n * 1.8, tls(v6, clients[n % 10], f"{n}.txt"), {0}))
        for n in range(6):
            rows.append((3.0 + v6 + n * 4.0, curl + ["--interface", clients[n], *many(v6, 8)], {0}))  # one connection, 8 requests
            rows.append((4.5 + v6 + n * 4.0, curl + ["--interface", clients[n], "--parallel", "--parallel-immediate",
                                                    "--parallel-max", "4", *many(v6, 4)], {0}))
            rows.append((5.0 + v6 + n * 4.0, curl + ["--interface", clients[n], "--data-binary", f"@{upload}", web(v6, "post")], {0}))
        for n in range(12):  # nobody listens: a reset, a port unreachable
            rows.append((2.2 + v6 + n * 2.0, curl + ["--interface", clients[n % 10], f"http://{host(WEB[v6])}:81/"], {7}))
            rows.append((2.7 + v6 + n * 2.0, ["dig", "-b", clients[n % 10], f"@{WEB[v6]}", "-p", "5300", "+tries=1", "+time=1",
                                             "www.example.test"], {9}))
        rows.append((6.0 + v6 * 3, curl + ["--interface", clients[1], web(v6, "big.txt")], {0}))
        rows.append((16.0 + v6 * 3, curl + ["--interface", clients[2], web(v6, "big.txt")], {0}))
        rows.append((2.0 + v6, curl + ["--interface", clients[3], "--limit-rate", "6k", web(v6, "big.txt")], {0}))  # the reader is slow
        rows.append((3.0 + v6, curl + ["--interface", clients[4], web(v6, "paced/big.txt")], {0}))  # the writer is slow
        ping = ["ping", "-6" if v6 else "-4", "-n", "-q"]
        for n in range(6):
            rows.append((1.0 + 0.15 * n, ping + ["-I", clients[n], "-i", "0.9", "-c", "28", "-s", str(56 + 150 * n), WEB[v6]], {0}))
        for n in range(10):
            rows.append((2.4 + v6 + 2.4 * n, ping + ["-I", clients[n], "-c", "2", "-i", "0.3", DNS[v6]], {0}))
        rows.append((8.0 + v6, ping + ["-I", clients[5], "-c", "2", "-W", "6", NOBODY[v6]], {1}))  # host unreachable
        rows.append((12.0 + v6, ping + ["-I", clients[6], "-c", "3", "-t", "1", "-W", "1", WEB[v6]], {1}))  # time exceeded
        login = ["ssh", "-b", clients[7], *key, f"root@{SSH[v6]}"]
        rows.append((1.5 + v6, login + ["for i in $(seq 24); do echo line $i; sleep 1; done"], {0}))  # through the capture
        for n in range(4):
            rows.append((5.0 + v6 + 5.0 * n, login + ["seq 40"], {0}))
        copy = ["scp", *key, "-o", f"BindAddress={clients[8]}"]
        rows.append((9.0 + v6, copy + [upload, f"root@{host(SSH[v6])}:{scratch}.{v6}"], {0}))
        rows.append((14.0 + v6, copy + [f"root@{host(SSH[v6])}:{folder}/www/medium.txt", f"{scratch}.back.{v6}"], {0}))
        plan += [route(start, 7.0 + v6 + 8 * n, WEB[v6], clients[9]) for n in range(2)]
    return plan + [run(start, second, command, expected) for second, command, expected in rows]


def edge(start, _):
    """Small and odd: fragments both ways, an IPv4 option, empty and one-byte datagrams."""
    plan = []
    for v6 in (0, 1):
        source = CLIENTS[v6][0]
        ping = ["ping", "-6" if v6 else "-4", "-n", "-q", "-I", source, "-i", "0.3"]
        plan += [run(start, 0.2 + v6, ping + ["-c", "4", "-s", "4000", WEB[v6]], {0}),
                 run(start, 0.3 + v6, ping + ["-c", "2", "-s", "1372", WEB[v6]], {0})]  # v4: just fits 1400; v6: just does not
        plan += [datagram(start, 0.5 + v6 + 0.2 * n, ECHO[v6], source, size) for n, size in enumerate((5000, 5000, 1400, 1372, 8, 1, 0))]
    plan.append(run(start, 2.5, ["ping", "-4", "-n", "-q", "-R", "-c", "2", "-i", "0.3", "-I", CLIENTS[0][1], WEB[0]], {0}))
    return plan


async def client(plan, folder):
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    await asyncio.gather(*plan(loop.time(), folder))


def echo(addresses):
    """Plain sockets: asyncio's transports do not send an empty datagram."""
    sockets = []
    for address in addresses:
        sockets.append(socket.socket(socket.AF_INET6 if family(address) else socket.AF_INET, socket.SOCK_DGRAM))
        sockets[-1].bind((address, 7))
    while True:
        for ready in select.select(sockets, [], [])[0]:
            ready.sendto(*ready.recvfrom(65536))


def main(arguments):
    match arguments:
        case ["pages", folder]:
            pages(folder)
        case ["words", characters]:
            print(words(int(characters)))
        case ["echo", *addresses]:
            echo(addresses)
        case ["mixed" | "edge" as name, folder]:
            try:
                asyncio.run(client({"mixed": mixed, "edge": edge}[name], folder))
            except asyncio.CancelledError:
                sys.exit(f"load.py: {name} was interrupted")
        case _:
            sys.exit(__doc__)


main(sys.argv[1:])
