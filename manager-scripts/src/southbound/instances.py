# SPDX-License-Identifier: Apache-2.0
"""VNF instances and traffic as processes of this machine, started by the launcher."""
import json
import os
import pathlib
import queue
import signal
import socket
import subprocess
import threading
import time
from typing import Any, Dict, List, Optional, Tuple

from .client import Client
from .scope import Hop


class ProcessFailed(Exception):
  """A process did not do what it was started for."""


def find_launcher() -> str:
  """The launcher: SOUTHBOUND_LAUNCHER, else ./southbound of the checkout that this package is part of."""
  named = os.environ.get("SOUTHBOUND_LAUNCHER")
  if named:
    return named
  beside = pathlib.Path(__file__).resolve().parents[3] / "southbound"
  if beside.is_file():
    return str(beside)
  raise ProcessFailed("cannot find the launcher: set SOUTHBOUND_LAUNCHER to the repository's ./southbound")


def free_udp_port() -> int:
  with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
    probe.bind(("127.0.0.1", 0))
    return probe.getsockname()[1]


def split(address: str) -> Tuple[str, int]:
  host, _, port = address.rpartition(":")
  return host.strip("[]"), int(port)


class Process:
  """A process with its output: lines of JSON on stdout, the rest in a log file."""

  def __init__(self, arguments: List[str], log: pathlib.Path, environment: Dict[str, str], what: str):
    self.what, self.log, self.asked = what, log, False
    with open(log, "wb") as errors:
      # A session of its own: an interrupt at the terminal is ours to handle.
      self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
                                      env={**os.environ, **environment}, start_new_session=True)
    self._lines: "queue.Queue[Optional[str]]" = queue.Queue()
    threading.Thread(target=self._read, daemon=True).start()

  def _read(self):
    for line in self.process.stdout:
      self._lines.put(line)
    self._lines.put(None)

  def line(self, key: str, timeout: float) -> Dict[str, Any]:
    """The next line of JSON that has the key; other lines are passed over."""
    deadline = time.monotonic() + timeout
    while True:
      try:
        line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
      except queue.Empty:
        raise ProcessFailed(f"{self.what} did not say {key} within {timeout:.0f} s, see {self.log}") from None
      if line is None:
        raise ProcessFailed(f"{self.what} ended: {self.last_words()}")
      try:
        found = json.loads(line)
      except ValueError:
        continue
      if isinstance(found, dict) and key in found:
        return found

  def last_words(self) -> str:
    text = self.log.read_text(errors="replace").strip().splitlines()
    return text[-1] if text else f"exit status {self.process.wait()}"

  @property
  def running(self) -> bool:
    return self.process.poll() is None

  def wait(self, timeout: float) -> int:
    try:
      return self.process.wait(timeout)
    except subprocess.TimeoutExpired:
      raise ProcessFailed(f"{self.what} has not ended after {timeout:.0f} s, see {self.log}") from None

  def ask_to_end(self):
    # Once: a second signal could reach a program that is ending and handles none any more.
    if self.running and not self.asked:
      self.asked = True
      self.process.send_signal(signal.SIGTERM)

  def stop(self, timeout: float = 6) -> Optional[int]:
    """SIGTERM, then SIGKILL; the exit status, or None if it had to be killed."""
    self.ask_to_end()
    try:
      return self.process.wait(timeout)
    except subprocess.TimeoutExpired:
      self.process.kill()
      self.process.wait()
      return None


class Instance(Process):
  """A VNF instance. `ready` is its ready line."""

  def __init__(self, launcher: str, name: str, nf: str, folder: pathlib.Path, trust: pathlib.Path, egress: str, password: str):
    self.name, self.nf, self.password = name, nf, password
    self.home = folder / name
    self.home.mkdir(parents=True, exist_ok=True)
    arguments = [launcher, "run", "--name", name, "--nf", nf, "--home", str(self.home), "--trust", str(trust), "--egress", egress]
    for port in ("netconf", "snmp", "data", "peer", "metrics"):
      arguments += [f"--{port}-port", "0"]
    super().__init__(arguments, folder / f"{name}.log", {"SOUTHBOUND_ADMIN_PASSWORD": password}, f"instance {name}")
    self.ready: Dict[str, Any] = {}

  def wait_ready(self, timeout: float = 120):
    self.ready = self.line("ready", timeout)

  @property
  def hop(self) -> Hop:
    host, port = split(self.ready["data"])
    return Hop(self.name, host, port, split(self.ready["peer"])[1])

  def client(self) -> Client:
    return Client(*split(self.ready["netconf"]), "admin", self.password)


class Traffic(Process):
  """Captured packets sent to an instance's data port and taken back at the sink."""

  def __init__(self, launcher: str, pcap: pathlib.Path, to: str, sink: str, pps: int, folder: pathlib.Path, name: str):
    self.result_file = folder / f"{name}.json"
    super().__init__([launcher, "traffic", "--pcap", str(pcap), "--to", to, "--sink", sink, "--pps", str(pps), "--loop", "1",
                      "--json", str(self.result_file)], folder / f"{name}.log", {}, f"traffic {name}")

  def result(self, timeout: float) -> Dict[str, Any]:
    """What became of the packets, once all are sent."""
    self.wait(timeout)
    try:
      return json.loads(self.result_file.read_text())
    except (OSError, ValueError):
      raise ProcessFailed(f"{self.what} gave no result: {self.last_words()}") from None
