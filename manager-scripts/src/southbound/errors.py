# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, each in one line that says what to do."""
import re

from lxml import etree


class SouthboundError(Exception):
  """The NF refused, or could not do it: error-tag, error-app-tag, path, message and info of RFC 6241."""

  def __init__(self, message, tag=None, app_tag=None, path=None, info=None):
    super().__init__(message)
    self.message, self.tag, self.app_tag, self.path, self.info = message, tag, app_tag, path, info

  def __str__(self):
    text = self.message
    details = [each for each in (self.app_tag or self.tag, f"at {self.path}" if self.path else None, self.info) if each]
    if details:
      text += f" ({', '.join(details)})"
    return re.sub(r"\s+", " ", text)


class ConnectionFailed(SouthboundError):
  """The NF cannot be reached, or does not let us in."""


class ConnectionLost(SouthboundError):
  """The session ended while it was needed."""


class OperationFailed(SouthboundError):
  """A job ended as failed or cancelled; `job` says more."""

  def __init__(self, message, app_tag=None, job=None):
    super().__init__(message, "operation-failed", app_tag)
    self.job = job


def from_rpc_errors(errors) -> SouthboundError:
  """From ncclient's errors of one reply, at least one."""
  first = errors[0]
  message = (first.message or first.tag or "refused").strip()
  if len(errors) > 1:
    message += f" [and {len(errors) - 1} more]"
  path = re.sub(r"\s+", "", first.path or "") or None
  return SouthboundError(message, first.tag, first.app_tag, path, _info(first.info))


def _info(text):
  """The leaves of error-info as name=value."""
  if not text:
    return None
  try:
    root = etree.fromstring(text.encode())
  except etree.XMLSyntaxError:
    return None
  leaves = [each for each in root.iter() if isinstance(each.tag, str) and len(each) == 0 and each is not root]
  return " ".join(f"{etree.QName(each).localname}={(each.text or '').strip()}" for each in leaves) or None
