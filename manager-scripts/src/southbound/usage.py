# SPDX-License-Identifier: Apache-2.0
"""How the commands speak: what they are called, and errors in one line."""
import argparse
import os
import re
import sys


def program(command: str) -> str:
  """What the user types for a command."""
  return f"./southbound {command}" if os.environ.get("SOUTHBOUND_LAUNCHER") else f"python3 -m southbound {command}"


def complain(command: str, message) -> None:
  print(f"southbound: {command}: {message}", file=sys.stderr)


class Parser(argparse.ArgumentParser):
  """Errors are one line, exit status 2; options are written in full."""

  def __init__(self, *args, **more):
    super().__init__(*args, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **more)

  def error(self, message):
    message = re.sub(r"^argument COMMAND: invalid choice: ('[^']*') .*", r"unknown command \1", message)
    message = re.sub(r"^the following arguments are required: ", "missing ", message)
    message = re.sub(r"^unrecognized arguments: (\S+).*", r"unknown argument '\1'", message)
    complain(self.prog.split()[-1] if " ctl" not in self.prog else "ctl", f"{message}, see {self.prog} --help")
    sys.exit(2)
