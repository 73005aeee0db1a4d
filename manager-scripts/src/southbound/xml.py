# SPDX-License-Identifier: Apache-2.0
"""XML from plain data: a dict is a container, a list repeats its element, None is left out, True alone is "true"."""
from lxml import etree

from .schema import NAMESPACE

NETCONF = "urn:ietf:params:xml:ns:netconf:base:1.0"
TYPES = NAMESPACE + "southbound-types"
NF = NAMESPACE + "southbound-nf"
EMPTY = object()
OPERATION = "@operation"
PARSER = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, huge_tree=True)


def element(namespace, name, value=EMPTY):
  """An element with its content. Identities of southbound-types and -nf may be written sbt:NAME and sbn:NAME.

  In a dict, `OPERATION` gives the element's nc:operation, for edit-config; `EMPTY` makes an empty element.
  """
  root = etree.Element(f"{{{namespace}}}{name}", nsmap={None: namespace, "sbt": TYPES, "sbn": NF, "nc": NETCONF})
  _fill(root, namespace, value)
  etree.cleanup_namespaces(root, keep_ns_prefixes=["sbt", "sbn"] if _has_identity(root) else None)
  return root


def _fill(parent, namespace, value):
  if value is EMPTY:
    return
  if isinstance(value, bool):
    parent.text = "true" if value else "false"
  elif isinstance(value, dict):
    for key, each in value.items():
      if key == OPERATION:
        parent.set(f"{{{NETCONF}}}operation", each)
      elif each is not None:
        for item in each if isinstance(each, list) else [each]:
          _fill(etree.SubElement(parent, f"{{{namespace}}}{key}"), namespace, item)
  else:
    parent.text = str(value)


def _has_identity(root):
  return any((each.text or "").startswith(("sbt:", "sbn:")) for each in root.iter())


def parse(text):
  """The root element of a document; entities are not followed."""
  return etree.fromstring(text.encode() if isinstance(text, str) else text, PARSER)


def pretty(root):
  return etree.tostring(root, pretty_print=True, encoding="unicode").rstrip()
