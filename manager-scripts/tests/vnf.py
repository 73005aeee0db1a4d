# SPDX-License-Identifier: Apache-2.0
"""A real VNF instance for the tests of a module, and clients of it. It ends with the module."""
import os
import pathlib
import shutil
import socket
import tempfile
import unittest

from ncclient import manager
from ncclient.transport import ssh

from southbound.instances import Process

LAUNCHER = os.environ.get("SOUTHBOUND_LAUNCHER")
PASSWORD = "test-secret"

ssh.TICK = 0.005  # how long ncclient waits before it looks for something to send


def folder():
  """A new folder that goes with the module."""
  made = pathlib.Path(tempfile.mkdtemp())
  unittest.addModuleCleanup(shutil.rmtree, made)
  return made


def free_port():
  with socket.create_server(("127.0.0.1", 0)) as probe:
    return probe.getsockname()[1]


class Vnf:
  """An instance that is ready, listening at `port`; `flags` are those of ./southbound run."""

  def __init__(self, name, **flags):
    if not LAUNCHER:
      raise unittest.SkipTest("SOUTHBOUND_LAUNCHER names no launcher")
    place = folder()
    flags = {**{f"{each}_port": "0" for each in ("netconf", "snmp", "data", "peer", "metrics")}, "home": str(place), "name": name, **flags}
    arguments = [part for flag, value in flags.items() for part in ("--" + flag.replace("_", "-"), value)]
    self.process = Process([LAUNCHER, "run", *arguments], place / "log", {"SOUTHBOUND_ADMIN_PASSWORD": PASSWORD}, f"instance {name}")
    unittest.addModuleCleanup(self.process.stop)
    self.ready = self.process.line("ready", 180)
    self.port = int(self.ready["netconf"].rpartition(":")[2])

  def connect(self, **options):
    return manager.connect(**{"host": "127.0.0.1", "port": self.port, "username": "admin", "password": PASSWORD, "hostkey_verify": False,
                              "allow_agent": False, "look_for_keys": False, "timeout": 30, **options})
