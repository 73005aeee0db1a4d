# SPDX-License-Identifier: Apache-2.0
"""Texts of scopes and hops."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import fake  # noqa: F401 pylint: disable=unused-import,wrong-import-position
from southbound import Hop, Scope


class ScopeTest(unittest.TestCase):
  def test_parse_and_print_are_inverse(self):
    for text in ("any", "tcp", "protocol 47 ipv4", "ipv6", "tcp 10.0.0.0/8:1024-65535 -> 192.0.2.1/32:80 vlan 5 dscp 46 label 21 forward",
                 "udp [2001:db8::/32]:53 -> any", "2001:db8::/32 -> any flow-label 7", "udp any:53 -> any reverse", "label 21",
                 "icmpv6 2001:db8::/32 -> 2001:db8:1::/48"):
      with self.subTest(text):
        scope = Scope.parse(text)
        self.assertEqual(text, str(scope))
        self.assertEqual(scope, Scope.of(scope.data()))

  def test_canonical(self):
    self.assertEqual("tcp 10.0.0.0/8 -> 192.0.2.7/32:80", str(Scope.parse("tcp 10.1.2.3/8->192.0.2.7:80-80")))
    self.assertEqual(Scope(), Scope.parse(""))
    self.assertEqual("ipv4", str(Scope.parse("0.0.0.0/0 -> any")))

  def test_data(self):
    self.assertEqual({"lower-port": 80}, Scope.parse("tcp any -> any:80").data()["destination-port"])
    self.assertEqual({"source": "10.0.0.0/8"}, Scope.parse("10.0.0.0/8 -> any").data()["ipv4"])

  def test_refused(self):
    for text, reason in (("tcp x", "'x' is not expected"), ("any:80 -> any", "a port match needs"), ("tcp any:90-80 -> any", "the lower first"),
                         ("10.0.0.0/8 -> 2001:db8::/32", "IPv4 and IPv6"), ("tcp ->", "an endpoint is missing"), ("vlan 5000", "1 to 4094"),
                         ("vlan", "no number for vlan"), ("tcp udp", "given already"), ("10.0.0.0/40 -> any", "no prefix"),
                         ("tcp any:http -> any", "no number for a port"), ("10.0.0.0/8 -> any flow-label 3", "IPv6 only")):
      with self.subTest(text):
        self.assertRaisesRegex(ValueError, reason, Scope.parse, text)


class HopTest(unittest.TestCase):
  def test_parse_and_print_are_inverse(self):
    for text, hop in (("fw1", Hop("fw1")), ("fw1@192.0.2.1", Hop("fw1", "192.0.2.1")), ("fw1@host.example:4790", Hop("fw1", "host.example", 4790)),
                      ("192.0.2.1:1:2", Hop(None, "192.0.2.1", 1, 2)), ("192.0.2.1", Hop(None, "192.0.2.1")), ("group:fws", Hop(group="fws")),
                      ("[::1]:5:6", Hop(None, "::1", 5, 6)), ("fw1@::1", Hop("fw1", "::1"))):
      with self.subTest(text):
        self.assertEqual(hop, Hop.parse(text))
        self.assertEqual(text, str(hop))
        self.assertEqual(hop, Hop.of(hop.data()))

  def test_refused(self):
    for text in ("", "fw1@", "a b", "fw1@h:0", "fw1@h:70000", "h:1:2:3", "@h", "group:", "fw 1@h", "::1:4790:x"):
      with self.subTest(text):
        self.assertRaises(ValueError, Hop.parse, text)
