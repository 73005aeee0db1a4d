# SPDX-License-Identifier: Apache-2.0
"""A NETCONF server with prepared answers, over real SSH on loopback: what the client and the command line meet in tests."""
import contextlib
import datetime
import logging
import os
import pathlib
import socket
import sys
import threading

import paramiko
from lxml import etree

ROOT = pathlib.Path(__file__).resolve().parents[2]
logging.getLogger().addHandler(logging.NullHandler())  # paramiko tells of each session that is cut
sys.path.insert(0, str(ROOT / "manager-scripts" / "src"))
EXAMPLES = ROOT / "yang" / "examples"
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
NOTIFICATION = "urn:ietf:params:xml:ns:netconf:notification:1.0"
CAPABILITIES = ("urn:ietf:params:netconf:base:1.0", "urn:ietf:params:netconf:capability:candidate:1.0",
                "urn:ietf:params:netconf:capability:validate:1.1", "urn:ietf:params:netconf:capability:notification:1.0")
END = b"]]>]]>"


def example(name):
  """The content of a reply's example, as the content of <rpc-reply>."""
  root = etree.fromstring((EXAMPLES / f"reply-ok-{name}.xml").read_bytes())
  return b"".join(etree.tostring(each) for each in root)


def error(tag, message, app_tag="", path="", info=""):
  return (f"<rpc-error><error-type>application</error-type><error-tag>{tag}</error-tag><error-severity>error</error-severity>"
          f"<error-app-tag>{app_tag}</error-app-tag><error-path>{path}</error-path><error-message>{message}</error-message>"
          f"<error-info>{info}</error-info></rpc-error>").encode()


class Door(paramiko.ServerInterface):
  """Lets in admin with the password "secret" or that of the environment, to the subsystem netconf."""
  password = os.environ.get("SOUTHBOUND_ADMIN_PASSWORD", "secret")

  def check_auth_password(self, username, password):
    return paramiko.AUTH_SUCCESSFUL if (username, password) == ("admin", self.password) else paramiko.AUTH_FAILED

  def get_allowed_auths(self, username):
    return "password"

  def check_channel_request(self, kind, chanid):
    return paramiko.OPEN_SUCCEEDED

  def check_channel_subsystem_request(self, channel, name):
    return name == "netconf"


class FakeServer:
  """`answers` maps an RPC's name to the content of its reply, or to a function of the RPC's element."""
  key = paramiko.ECDSAKey.generate()

  def __init__(self):
    self.answers, self.requests = {}, []
    self.log = []  # (time, notification) so far
    self._lock = threading.Lock()
    self._transports, self._subscribed = [], []
    self._socket = socket.create_server(("127.0.0.1", 0))
    self.port = self._socket.getsockname()[1]
    threading.Thread(target=self._accept, daemon=True).start()

  def __enter__(self):
    return self

  def __exit__(self, *_):
    with contextlib.suppress(OSError):
      self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
    self._socket.close()
    self.cut()

  def cut(self):
    """Ends all sessions without a word."""
    with self._lock:
      transports, self._transports, self._subscribed = self._transports, [], []
    for each in transports:
      each.close()

  def notify(self, content):
    """Logs a notification and sends it to all who subscribed."""
    with self._lock:
      moment = datetime.datetime.now(datetime.timezone.utc)
      self.log.append((moment, content))
      for channel in self._subscribed:
        self._send(channel, self._event(moment, content))

  @staticmethod
  def _event(moment, content):
    return f'<notification xmlns="{NOTIFICATION}"><eventTime>{moment.isoformat()}</eventTime>'.encode() + content + b"</notification>"

  @staticmethod
  def _send(channel, message):
    try:
      channel.sendall(message + END)
    except OSError:
      pass  # that client is gone

  def _accept(self):
    while True:
      try:
        connection, _ = self._socket.accept()
      except OSError:
        return
      threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

  def _serve(self, connection):
    transport = paramiko.Transport(connection)
    transport.add_server_key(self.key)
    try:
      transport.start_server(server=Door())
      channel = transport.accept(10)
      if channel is None:
        return
      with self._lock:
        self._transports.append(transport)
      hello = "".join(f"<capability>{each}</capability>" for each in CAPABILITIES)
      self._send(channel, f'<hello xmlns="{BASE}"><capabilities>{hello}</capabilities><session-id>1</session-id></hello>'.encode())
      data = b""
      while True:
        more = channel.recv(65536)
        if not more:
          return
        data += more
        while END in data:
          message, data = data.split(END, 1)
          if not self._handle(channel, etree.fromstring(message)):
            return
    except (EOFError, OSError, paramiko.SSHException):
      pass  # the client is gone
    finally:
      transport.close()

  def _handle(self, channel, root):
    if root.tag != f"{{{BASE}}}rpc":
      return True
    request = root[0]
    name = etree.QName(request).localname
    self.requests.append(request)
    answer = self.answers.get(name, b"<ok/>")
    answer = answer(request) if callable(answer) else answer
    with self._lock:  # nothing is notified between the reply and the subscription
      self._send(channel, f'<rpc-reply xmlns="{BASE}" message-id="{root.get("message-id")}">'.encode() + answer + b"</rpc-reply>")
      if name == "create-subscription" and b"rpc-error" not in answer:
        self._subscribe(channel, request)
    return name != "close-session"

  def _subscribe(self, channel, request):
    start = request.findtext(f"{{{NOTIFICATION}}}startTime")
    stop = request.findtext(f"{{{NOTIFICATION}}}stopTime")
    if start:
      for moment, content in self.log:
        if moment >= datetime.datetime.fromisoformat(start.replace("Z", "+00:00")):
          self._send(channel, self._event(moment, content))
      done = "notificationComplete" if stop else "replayComplete"
      self._send(channel, self._event(datetime.datetime.now(datetime.timezone.utc), f'<{done} xmlns="urn:ietf:params:xml:ns:netmod:notification"/>'.encode()))
    if not stop:
      self._subscribed.append(channel)

  def notify_later(self, content):
    """Notifies from another thread: for answers that are made while the reply is still to come."""
    threading.Thread(target=self.notify, args=(content,), daemon=True).start()
