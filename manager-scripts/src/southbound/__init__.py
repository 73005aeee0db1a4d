# SPDX-License-Identifier: Apache-2.0
"""Client of the southbound API of VNF instances, over NETCONF."""
from .client import Client
from .errors import ConnectionFailed, ConnectionLost, OperationFailed, SouthboundError
from .scope import Hop, Scope

__version__ = "0.1.0"
__all__ = ["Client", "ConnectionFailed", "ConnectionLost", "Hop", "OperationFailed", "Scope", "SouthboundError"]
