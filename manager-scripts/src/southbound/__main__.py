# SPDX-License-Identifier: Apache-2.0
"""python3 -m southbound ctl|demo ..."""
import logging
import os
import sys

USAGE = """usage: southbound COMMAND [ARGUMENT...]

  ctl    call the API of a running instance, over NETCONF
  demo   run a chain of network functions on captured traffic and call the whole API on it

Every command takes --help. Exit status: 0 success, 1 failed, 2 wrong usage."""


def main(arguments=None):
  arguments = sys.argv[1:] if arguments is None else arguments
  if not arguments or arguments[0] in ("-h", "--help", "help"):
    print(USAGE, file=sys.stdout if arguments else sys.stderr)
    return 0 if arguments else 2
  command, rest = arguments[0], arguments[1:]
  if command not in ("ctl", "demo"):
    print(f"southbound: unknown command '{command}', see southbound --help", file=sys.stderr)
    return 2
  try:
    import ncclient.transport.ssh  # pylint: disable=import-outside-toplevel
  except ImportError:
    print("southbound: needs ncclient: apt-get install python3-ncclient, or pip install ncclient", file=sys.stderr)
    return 1
  # ncclient looks only this often for something to send: at its 0.1 s every call would take so long.
  ncclient.transport.ssh.TICK = 0.005
  logging.getLogger().addHandler(logging.NullHandler())  # an error is one line of ours, not paramiko's trace
  try:
    if command == "ctl":
      from . import ctl as chosen  # pylint: disable=import-outside-toplevel
    else:
      from . import demo as chosen  # pylint: disable=import-outside-toplevel
    return chosen.main(rest)
  except KeyboardInterrupt:
    return 1
  except BrokenPipeError:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on: no complaint at exit
    return 0


if __name__ == "__main__":
  sys.exit(main())
