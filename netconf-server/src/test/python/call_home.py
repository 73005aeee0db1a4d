# SPDX-License-Identifier: Apache-2.0
"""Waits for calls of a server (RFC 8071): over SSH with ncclient, twice, and over TLS with Python's ssl.

Run by TransportConfigTest; arguments: port of SSH, password of admin, port of TLS, client's certificate and key.
Prints a line "ok ..." for each.
"""
import socket
import ssl
import sys
import threading

from ncclient import manager

SSH, PASSWORD, TLS, CERTIFICATE, KEY = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
failed = []


def listen(port):
    waiting = socket.socket()
    waiting.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    waiting.bind(("127.0.0.1", port))
    waiting.settimeout(90)
    waiting.listen()
    return waiting


def over_ssh(waiting):
    for turn in (1, 2):  # called again once the session has ended
        with manager.connect_ssh(sock=waiting.accept()[0], host="127.0.0.1", username="admin", password=PASSWORD,
                                 hostkey_verify=False, allow_agent=False, look_for_keys=False, timeout=60) as m:
            assert "candidate" in str(list(m.server_capabilities))
            m.get_config("running", filter=("subtree", '<nf xmlns="urn:southbound:yang:southbound-nf"/>'))
        print("ok ssh", turn, flush=True)


def over_tls(waiting):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(CERTIFICATE, KEY)
    with context.wrap_socket(waiting.accept()[0]) as client:
        client.settimeout(60)
        client.sendall(f'<hello xmlns="{BASE}"><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability>'
                       f'</capabilities></hello>]]>]]><rpc xmlns="{BASE}" message-id="1"><close-session/></rpc>]]>]]>'
                       .encode())
        seen = b""
        while b"<ok/>" not in seen:
            more = client.recv(65536)
            assert more, seen
            seen += more
    print("ok tls", flush=True)


def guarded(what, waiting):
    try:
        what(waiting)
    except BaseException as e:  # any failure is the test's
        failed.append(e)
        print("failed", what.__name__, repr(e), flush=True)


threads = [threading.Thread(target=guarded, args=each) for each in ((over_ssh, listen(SSH)), (over_tls, listen(TLS)))]
for each in threads:
    each.start()
for each in threads:
    each.join()
sys.exit(bool(failed))
