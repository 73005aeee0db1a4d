# SPDX-License-Identifier: Apache-2.0
"""JSON made of XML is what yanglint makes of it, for every example that is accepted."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fake import EXAMPLES, ROOT  # pylint: disable=wrong-import-position
from lxml import etree

from southbound.schema import OWN, Converter, Schema, read

YANG = ROOT / "yang" / "src" / "main" / "yang"
STANDARD = ROOT / "yang" / "target" / "classes" / "META-INF" / "yang"


def acme(name):
  return (EXAMPLES / "acme-cache.yang").read_text() if name == "acme-cache" else None


def elements(path):
  text = re.sub(rb"<\?xml[^>]*\?>", b"", path.read_bytes())
  return etree.fromstring(b"<top>" + text + b"</top>", etree.XMLParser(remove_comments=True))


class SchemaTest(unittest.TestCase):
  converter = Converter(Schema(source=acme))

  @unittest.skipUnless(shutil.which("yanglint") and STANDARD.is_dir(), "needs yanglint and the standard modules of the build")
  def test_json_is_that_of_yanglint(self):
    converter = Converter(Schema(source=acme))
    converter.schema.module("acme-cache")
    modules = [str(YANG / f"{name}.yang") for name in OWN] + [str(EXAMPLES / "acme-cache.yang")]
    kinds = (("ok", "config"), ("oper-ok", "get"), ("notif-ok", "notif"), ("reply-ok", "reply"))
    compared = 0
    for prefix, kind in kinds:
      for path in sorted(EXAMPLES.glob(f"{prefix}-*.xml")):
        with self.subTest(path.name):
          done = subprocess.run(["yanglint", "-p", str(YANG), "-p", str(STANDARD), "-t", kind, "-f", "json", *modules, str(path)],
                                capture_output=True, text=True, timeout=60, check=True)
          found = elements(path)
          if kind == "reply":  # an element named as the RPC holds what <rpc-reply> does
            module = etree.QName(found[0]).namespace.rpartition(":")[2]
            name = etree.QName(found[0]).localname
            output = converter.schema.module(module).root.child(module, name).child(module, "output")
            mine = {f"{module}:{name}": {key.rpartition(":")[2]: value for key, value in converter.json(output, found[0]).items()}}
          else:
            mine = converter.json(None, found)
          theirs = json.loads(re.sub(r"(\d{2}:\d{2}:\d{2}(\.\d+)?)\+00:00", r"\1Z", done.stdout))
          self.assertEqual(theirs, mine)
          compared += 1
    self.assertGreater(compared, 25)

  def test_output_is_qualified_at_the_top(self):
    output = self.converter.schema.module("southbound-state").root.child("southbound-state", "take-over").child("southbound-state", "output")
    reply = elements(EXAMPLES / "reply-ok-take-over.xml")[0]
    self.assertEqual({"southbound-state:job": "6f1c8a52-33f1-4a55-8d0e-0b6a1f0a7c11", "southbound-state:epoch": "8"},
                     self.converter.json(output, reply))
    self.assertEqual(8, self.converter.plain(output, reply)["epoch"])

  def test_empty_leaf(self):
    report = etree.fromstring('<top><metrics xmlns="urn:southbound:yang:southbound-metrics"><report><id>7</id><callback><session/></callback>'
                              "</report></metrics></top>")
    self.assertEqual({"southbound-metrics:metrics": {"report": [{"id": 7, "callback": {"session": [None]}}]}}, self.converter.json(None, report))
    self.assertEqual({"metrics": {"report": [{"id": 7, "callback": {"session": True}}]}}, self.converter.plain(None, report))

  def test_unknown_module_is_guessed(self):
    top = etree.fromstring('<top><x xmlns="urn:example:other"><a>1</a><b/><a>2</a></x></top>')
    self.assertEqual({"other:x": {"a": ["1", "2"], "b": ""}}, self.converter.json(None, top))

  def test_server_says_the_name_of_a_namespace(self):
    text = "module m { namespace 'urn:x:n'; prefix m; container x { leaf-list a { type uint8; } } }"
    converter = Converter(Schema(source={"m": text}.get, names={"urn:x:n": "m", "urn:x:o": "o"}))
    top = etree.fromstring('<top><x xmlns="urn:x:n"><a>1</a></x><x xmlns="urn:x:o"/></top>')
    self.assertEqual({"m:x": {"a": [1]}, "o:x": ""}, converter.json(None, top))

  def test_no_yang(self):
    for text in ("", "module m {", "module m { } }", "module m { \"a\" + ; }", "leaf a;", "{"):
      with self.subTest(text):
        self.assertRaises(ValueError, read, text)
