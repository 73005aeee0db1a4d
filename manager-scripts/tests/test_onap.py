# SPDX-License-Identifier: Apache-2.0
"""What ONAP asks of a VNF's NETCONF server, one test for each requirement, asked by ncclient of a real instance.

The requirements are those of vnfrqts-requirements, docs/Chapter7/Configuration-Management.rst; docs/netconf.md lists them all
with the test of each, and why some have none here.
"""
import contextlib
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

import paramiko
from lxml import etree
from ncclient import NCClientError
from ncclient.operations import RPCError
from ncclient.transport import ssh
from ncclient.xml_ import to_ele

import vnf

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "yang" / "examples"
MORE_MODULES = "/usr/share/yuma/modules/ietf/ietf-netconf-partial-lock@2009-10-19.yang"  # of Debian's libyuma-base
NC = "urn:ietf:params:xml:ns:netconf:base:1.0"
CHAIN = "urn:southbound:yang:southbound-chain"
METRICS = "urn:southbound:yang:southbound-metrics"
NF = "urn:southbound:yang:southbound-nf"
MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
PARTIAL = "urn:ietf:params:xml:ns:netconf:partial-lock:1.0"
NS = {"nc": NC, "c": CHAIN, "n": NF, "r": METRICS, "m": MONITORING, "p": PARTIAL}
OWN = ["southbound-" + each for each in ("chain", "metrics", "nf", "spec", "state", "types")]

ssh.TICK = 0.005  # how long ncclient waits before it looks for something to send

instance = None


def setUpModule():
  global instance  # pylint: disable=global-statement
  folder = vnf.folder()
  (folder / "yang").mkdir()
  shutil.copy(MORE_MODULES, folder / "yang")
  instance = vnf.Vnf("onap", yang_path=str(folder / "yang"))


def connect(**options):
  return instance.connect(**options)


def config(content):
  return f'<config xmlns="{NC}" xmlns:nc="{NC}">{content}</config>'


def threshold(name, rising=1, attributes=""):
  """An entry of a configured list that steers nothing by itself."""
  return f"<threshold {attributes}><name>{name}</name><metric>flows</metric><rising>{rising}</rising><falling>0</falling></threshold>"


def metrics(*thresholds):
  return f'<metrics xmlns="{METRICS}">{"".join(thresholds)}</metrics>'


def contact(text):
  return f'<nf xmlns="{NF}"><management><snmp><contact>{text}</contact></snmp></management></nf>'


def ask(m, operation, namespace=NC):
  return m.dispatch(to_ele(f'<{operation} xmlns="{namespace}"/>' if operation.isalpha() else operation))


def until(condition, what, seconds=20):
  deadline = time.monotonic() + seconds
  while not condition():
    if time.monotonic() > deadline:
      raise AssertionError(f"{what}: not within {seconds} s")
    threading.Event().wait(0.05)


class DocumentationTest(unittest.TestCase):
  def test_every_test_is_in_the_table(self):
    table = set(re.findall(r"`(test_R_\d+\w*)`", (EXAMPLES.parents[1] / "docs" / "netconf.md").read_text()))
    tests = {each for each in dir(OnapTest) if each.startswith("test_R_")}
    self.assertEqual(tests | {"test_R_26508_mounted_on_opendaylight"}, table)


class OnapTest(unittest.TestCase):
  def setUp(self):
    self.m = self.session()
    self.name = self.id().rpartition(".")[2].replace("test_", "")[:30]
    until(self.discarded, "the end of the locks of the test before")

  def discarded(self):
    """A session's locks end shortly after the session."""
    try:
      return self.m.discard_changes().ok
    except RPCError as e:
      if e.tag != "in-use":
        raise
      return False

  def session(self, **options):
    m = connect(**options)
    self.addCleanup(self.leave, m)
    return m

  @staticmethod
  def leave(m):
    with contextlib.suppress(NCClientError, OSError, EOFError):
      if m.connected:
        m.close_session()

  def edit(self, content, target="running", m=None, **options):
    return (m or self.m).edit_config(target=target, config=config(content), **options)

  def rising(self, name=None, source="running", m=None):
    """The value of the test's threshold in a datastore; None if it is not there."""
    wanted = metrics(f"<threshold><name>{name or self.name}</name></threshold>")
    data = (m or self.m).get_config(source, filter=("subtree", wanted)).data
    return data.findtext(".//r:rising", namespaces=NS)

  def refused(self, tag, call):
    with self.assertRaises(RPCError) as caught:
      call()
    self.assertEqual(tag, caught.exception.tag, caught.exception.message)
    return caught.exception

  def has(self, capability):
    found = [each for each in self.m.server_capabilities if capability in each]
    self.assertTrue(found, f"{capability} is not in the hello")
    return found[0]

  def schemas(self):
    wanted = f'<netconf-state xmlns="{MONITORING}"><schemas/></netconf-state>'
    return self.m.get(filter=("subtree", wanted)).data.findall(".//m:schema", NS)

  # --- the server and its models

  def test_R_88026_netconf_server(self):
    self.edit(contact(self.name))
    self.assertEqual(self.name, self.m.get().data.findtext(".//n:snmp/n:contact", namespaces=NS))

  def test_R_95950_interface_defined_by_supplied_models(self):
    namespaces = {each.findtext("m:namespace", namespaces=NS) for each in self.schemas()}
    data = self.m.get().data
    self.assertGreater(len(data), 3)
    for node in data.iter(etree.Element):
      self.assertIn(etree.QName(node).namespace, namespaces | {NC})

  def test_R_73468_connection_parameters_at_instantiation(self):
    key = vnf.folder() / "key"
    pair = paramiko.RSAKey.generate(2048)
    pair.write_private_key_file(str(key))
    key.with_suffix(".pub").write_text(f"ssh-rsa {pair.get_base64()} onap\n")
    port = vnf.free_port()
    other = vnf.Vnf("heat", user="operator", authorized_keys=str(key.with_suffix(".pub")), netconf_port=str(port))
    self.assertEqual(port, other.port)
    for way in ({"password": vnf.PASSWORD}, {"password": None, "key_filename": str(key)}):
      m = other.connect(username="operator", **way)
      self.assertTrue(m.get_config("running").ok)
      m.close_session()
    with self.assertRaises(NCClientError):
      other.connect(username="operator", password="wrong")
    self.assertEqual(0, other.process.stop())

  def test_R_59610_model_discovery_and_download(self):
    self.has("ietf-netconf-monitoring")
    for schema in self.schemas():
      name, version = (schema.findtext(f"m:{each}", namespaces=NS) for each in ("identifier", "version"))
      self.assertIn("NETCONF", [each.text for each in schema.findall("m:location", NS)])
      text = self.m.get_schema(name, version=version, format="yang").data
      self.assertRegex(text, rf"(sub)?module\s+{name}\s*{{")

  def test_R_93443_models_in_yang_1_or_1_1(self):
    with tempfile.TemporaryDirectory() as models:
      names = []
      for schema in self.schemas():
        name = schema.findtext("m:identifier", namespaces=NS)
        text = self.m.get_schema(name, version=schema.findtext("m:version", namespaces=NS)).data
        self.assertIn((re.search(r'^\s*yang-version\s+"?([0-9.]+)', text, re.MULTILINE) or [0, "1"])[1], ("1", "1.1"))
        (pathlib.Path(models) / f"{name}.yang").write_text(text)
        names.append(name)
      self.assertLessEqual(set(OWN), set(names))
      done = subprocess.run(["yanglint", "-p", models, *(f"{models}/{each}.yang" for each in OWN)], capture_output=True, text=True,
                            check=False)
      self.assertEqual((0, ""), (done.returncode, done.stderr))

  def test_R_10353_architecture_of_RFC_6244(self):
    """Configuration is apart from state; what is validated is what the models say."""
    self.assertIsNone(self.m.get_config("running").data.find(".//n:port-in-use", NS))
    self.assertIsNotNone(self.m.get().data.find(".//n:port-in-use", NS))
    self.refused("invalid-value", lambda: self.edit(metrics(threshold(self.name, "x"))))

  def test_R_53317_guidelines_of_RFC_8407(self):
    for name in OWN:
      text = self.m.get_schema(name).data
      for statement in ("organization", "contact", "description", "revision", "reference"):
        self.assertRegex(text, rf"(?m)^\s*{statement}\b", name)
      self.assertNotRegex(text, r"[^\n]{100}", name)

  def test_R_33955_types_of_RFC_6991(self):
    for name in ("southbound-chain", "southbound-nf"):
      text = self.m.get_schema(name).data
      self.assertRegex(text, r"import ietf-yang-types\b")
      self.assertRegex(text, r"type yang:(counter|gauge|date-and-time)")

  def test_R_22946_access_control_of_RFC_8341(self):
    self.has("ietf-netconf-acm")
    self.assertRegex(self.m.get_schema("southbound-state").data, r"nacm:default-deny-all")
    self.edit(f'<nf xmlns="{NF}"><management><user><name>reader</name><password>$0$reader-secret</password></user></management></nf>')
    reader = self.session(username="reader", password="reader-secret")
    self.assertTrue(reader.get_config("running").ok)
    self.refused("access-denied", lambda: self.edit(metrics(threshold(self.name)), m=reader))
    self.assertIsNone(reader.get_config("running").data.find(".//n:user/n:password", NS))

  # --- the operations

  def test_R_90007_close_session(self):
    m = connect()
    self.assertTrue(m.close_session().ok)
    until(lambda: not m.connected, "the session's end")

  def test_R_70496_commit_confirmed(self):
    self.has("capability:confirmed-commit:1.1")
    self.edit(metrics(threshold(self.name, 1)), "candidate")
    self.m.commit(confirmed=True, timeout="1")
    self.assertEqual("1", self.rising())
    until(lambda: self.rising() is None, "the roll back of a commit that nobody confirmed")
    self.edit(metrics(threshold(self.name, 2)), "candidate")
    self.m.commit(confirmed=True, timeout="600")
    self.m.commit()
    self.assertEqual("2", self.rising())

  def test_R_49145_confirmed_commit(self):
    self.has("capability:candidate:1.0")
    self.has("capability:confirmed-commit:1.1")
    other = connect()
    self.edit(metrics(threshold(self.name)), "candidate", m=other)
    other.commit(confirmed=True, timeout="600")
    self.assertEqual("1", self.rising())
    other.close_session()
    until(lambda: self.rising() is None, "the roll back when the session ends")
    self.edit(metrics(threshold(self.name, 2)), "candidate")
    self.m.commit(confirmed=True, timeout="600", persist="onap")
    self.session().cancel_commit(persist_id="onap")
    self.assertIsNone(self.rising())

  def test_R_18733_discard_changes(self):
    self.edit(metrics(threshold(self.name)), "candidate")
    self.assertEqual("1", self.rising(source="candidate"))
    self.m.discard_changes()
    self.assertIsNone(self.rising(source="candidate"))

  def test_R_44281_edit_config(self):
    for target in ("candidate", "running"):
      self.edit(metrics(threshold(self.name, 1)), target, default_operation="merge", test_option="test-then-set", error_option="rollback-on-error")
      self.edit(metrics(f"<threshold><name>{self.name}</name><rising>2</rising></threshold>"), target)
      self.assertEqual("2", self.rising(source=target))
      self.edit(metrics(threshold(self.name, 3, 'nc:operation="replace"')), target, default_operation="none")
      self.assertEqual("3", self.rising(source=target))
      self.refused("data-exists", lambda: self.edit(metrics(threshold(self.name, 4, 'nc:operation="create"')), target))  # pylint: disable=cell-var-from-loop
      gone = f'<threshold nc:operation="delete"><name>{self.name}</name></threshold>'
      self.edit(metrics(gone), target)
      self.assertIsNone(self.rising(source=target))
      self.refused("data-missing", lambda: self.edit(metrics(gone), target))  # pylint: disable=cell-var-from-loop
      self.edit(metrics(gone.replace("delete", "remove")), target)
      self.edit(metrics(threshold(self.name)), target, test_option="test-only")
      self.assertIsNone(self.rising(source=target))
      self.edit(metrics(threshold(self.name)), target, test_option="set", error_option="stop-on-error")
      self.edit(metrics(gone), target, error_option="continue-on-error")

  def test_R_60106_get(self):
    self.assertIn("southbound-nf", [each.findtext("m:identifier", namespaces=NS) for each in self.schemas()])
    part = self.m.get(filter=("subtree", f'<nf xmlns="{NF}"><name/></nf>')).data
    self.assertEqual(["name"], [etree.QName(each).localname for each in part[0]])
    self.assertGreater(len(self.m.get().data), 1)

  def test_R_29488_get_config(self):
    self.edit(metrics(threshold(self.name), threshold(self.name + "-2", 2)))
    for source in ("running", "candidate"):
      self.assertEqual("2", self.rising(self.name + "-2", source))
      self.assertIsNotNone(self.m.get_config(source).data.find("n:nf", NS))

  def test_R_11235_kill_session(self):
    other = self.session()
    self.assertTrue(self.m.kill_session(other.session_id).ok)
    until(lambda: not other.connected, "the session's end")
    self.refused("invalid-value", lambda: self.m.kill_session(self.m.session_id))

  def test_R_02597_lock(self):
    other = self.session()
    for target in ("running", "candidate"):
      self.assertTrue(self.m.lock(target).ok)
      denied = self.refused("lock-denied", lambda: other.lock(target))  # pylint: disable=cell-var-from-loop
      self.assertIn(self.m.session_id, denied.info)
      self.refused("in-use", lambda: self.edit(metrics(threshold(self.name)), target, m=other))  # pylint: disable=cell-var-from-loop

  def test_R_96554_unlock(self):
    other = self.session()
    for target in ("running", "candidate"):
      self.m.lock(target)
      self.refused("operation-failed", lambda: other.unlock(target))  # pylint: disable=cell-var-from-loop
      self.assertTrue(self.m.unlock(target).ok)
      with other.locked(target):
        pass

  def test_R_29324_copy_config(self):
    self.edit(metrics(threshold(self.name)), "candidate")
    self.m.copy_config(source="running", target="candidate")
    self.assertIsNone(self.rising(source="candidate"))

  def test_R_88031_delete_config(self):
    self.has("capability:startup:1.0")
    self.m.copy_config(source="running", target="startup")
    self.assertTrue(self.m.delete_config("startup").ok)
    self.assertEqual(0, len(self.m.get_config("startup").data))
    self.m.copy_config(source="running", target="startup")

  def test_R_97529_get_schema(self):
    text = self.m.get_schema("southbound-chain", format="yang").data
    self.assertTrue(text.startswith("module southbound-chain"))
    version = re.search(r"revision (\S+) {", text)[1]
    self.assertEqual(text, self.m.get_schema("southbound-chain", version=version).data)
    self.refused("invalid-value", lambda: self.m.get_schema("southbound-chain", version="1999-01-01"))

  # --- the configuration

  def test_R_62468_all_configuration_by_edit_config(self):
    """Every example of the models, whole, with all kinds of configured nodes."""
    examples = [each for each in sorted(EXAMPLES.glob("ok-*.xml")) if "acme" not in each.name]
    self.assertGreater(len(examples), 10)
    for example in examples:
      with self.subTest(example.name):
        self.edit(example.read_text(), test_option="test-only")

  def test_R_01382_entire_configuration_by_get_config_and_edit_config(self):
    """What the launch gave is in get-config too; what get-config gives is what edit-config takes."""
    self.edit(contact("one & <two>".replace("&", "&amp;").replace("<", "&lt;")))
    data = self.m.get_config("running").data
    self.assertEqual(["onap", "one & <two>"], [data.findtext(f"n:nf/{each}", namespaces=NS) for each in ("n:name", "n:management/n:snmp/n:contact")])
    whole = "".join(etree.tostring(each, encoding="unicode") for each in data)
    self.edit(whole, "candidate", default_operation="replace")
    copy = self.m.get_config("candidate").data
    self.assertEqual(etree.tostring(data, method="c14n"), etree.tostring(copy, method="c14n"))

  def test_R_83873_rollback_on_error(self):
    self.has("capability:rollback-on-error:1.0")
    wrong = f'<threshold nc:operation="delete"><name>{self.name}-none</name></threshold>'
    self.refused("data-missing", lambda: self.edit(metrics(threshold(self.name), wrong), error_option="rollback-on-error"))
    self.assertIsNone(self.rising())

  def test_R_68990_startup(self):
    self.has("capability:startup:1.0")
    self.edit(metrics(threshold(self.name)))
    self.m.copy_config(source="running", target="startup")
    self.assertEqual("1", self.rising(source="startup"))
    with self.m.locked("startup"):
      self.refused("lock-denied", lambda: self.session().lock("startup"))

  def test_R_68200_url(self):
    self.assertRegex(self.has("capability:url:1.0"), r"scheme=[a-z,]*file")
    self.edit(metrics(threshold(self.name)))
    self.m.copy_config(source="running", target="file:///onap.xml")
    self.edit(metrics(f'<threshold nc:operation="delete"><name>{self.name}</name></threshold>'))
    self.m.copy_config(source="file:///onap.xml", target="candidate")
    self.assertEqual("1", self.rising(source="candidate"))
    self.m.delete_config("file:///onap.xml")

  def test_R_20353_candidate_and_writable_running_with_two_locks(self):
    self.has("capability:candidate:1.0")
    self.has("capability:writable-running:1.0")
    other = self.session()
    with self.m.locked("candidate"), other.locked("running"):
      self.refused("lock-denied", lambda: other.lock("candidate"))
      self.refused("lock-denied", lambda: self.m.lock("running"))

  def test_R_11499_xpath(self):
    self.has("capability:xpath:1.0")
    self.edit(metrics(threshold(self.name), threshold(self.name + "-2", 2)))
    select = f"/r:metrics/r:threshold[r:rising=2 and starts-with(r:name, '{self.name}')]/r:rising"
    for get in (self.m.get, lambda **options: self.m.get_config("running", **options)):
      self.assertEqual(["2"], [each.text for each in get(filter=("xpath", ({"r": METRICS}, select))).data.iterfind(".//r:rising", NS)])

  def test_R_83790_validate(self):
    self.has("capability:validate:1.1")
    self.assertTrue(self.m.validate("candidate").ok)
    self.edit(f'<chains xmlns="{CHAIN}"><chain><name>{self.name}</name><precedence>901</precedence>'
              "<next-hop><position>1</position><group>nowhere</group></next-hop></chain></chains>", "candidate", test_option="set")
    self.refused("data-missing", lambda: self.m.validate("candidate"))

  def test_R_58358_with_defaults(self):
    self.assertIn("basic-mode=", self.has("capability:with-defaults:1.0"))
    wanted = ("subtree", f'<nf xmlns="{NF}"><management><netconf/></management></nf>')
    for mode, present in (("report-all", True), ("trim", False), ("explicit", False), ("report-all-tagged", True)):
      data = self.m.get_config("running", filter=wanted, with_defaults=mode).data
      self.assertEqual(present, data.find(".//n:idle-timeout", NS) is not None, mode)

  # --- locks and integrity

  def test_R_29495_locking_of_a_common_object(self):
    other = self.session()
    with self.m.locked("running"):
      self.refused("in-use", lambda: self.edit(metrics(threshold(self.name)), m=other))
      self.edit(metrics(threshold(self.name, 5)))
    self.edit(metrics(f"<threshold><name>{self.name}</name><rising>6</rising></threshold>"), m=other)
    self.assertEqual("6", self.rising())

  def test_R_53015_first_operation_locks_out_others(self):
    other = self.session()
    with self.m.locked("candidate"):
      self.edit(metrics(threshold(self.name, 7)), "candidate")
      for call in (lambda: self.edit(metrics(threshold(self.name, 8)), "candidate", m=other), other.commit, other.discard_changes):
        self.refused("in-use", call)
      self.m.commit()
    self.assertEqual("7", self.rising())

  def test_R_66793_integrity_with_simultaneous_edits(self):
    """Sessions write at once; every edit is whole, none is lost."""
    self.edit(metrics(threshold(self.name, 1)))
    failures = []

    def work(number):
      try:
        m = connect()
        for turn in range(10):
          self.edit(metrics(threshold(f"{self.name}-{number}-{turn}"), f"<threshold><name>{self.name}</name><rising>{number + 1}</rising></threshold>"), m=m)
        m.close_session()
      except Exception as error:  # pylint: disable=broad-exception-caught
        failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for each in threads:
      each.start()
    for each in threads:
      each.join()
    self.assertEqual([], failures)
    data = self.m.get_config("running", filter=("subtree", metrics())).data
    found = [each.text for each in data.findall(".//r:threshold/r:name", NS) if each.text.startswith(self.name + "-")]
    self.assertEqual(40, len(set(found)))
    self.assertIn(self.rising(), ("1", "2", "3", "4"))

  def test_R_54190_locks_released_when_the_session_ends(self):
    for end in (lambda m: m.close_session(), lambda m: m._session.transport.close(), lambda m: m._session.transport.sock.close()):
      other = connect()
      other.lock("running")
      end(other)
      until(lambda: self.locked_and_unlocked("running"), "the lock's release")

  def locked_and_unlocked(self, target):
    try:
      with self.m.locked(target):
        return True
    except RPCError:
      return False

  def test_R_10173_kill_session_releases_locks(self):
    other = self.session()
    other.lock("running")
    denied = self.refused("lock-denied", lambda: self.m.lock("running"))
    owner = re.search(r"session-id>(\d+)<", denied.info)[1]
    self.m.kill_session(owner)
    until(lambda: self.locked_and_unlocked("running"), "the lock's release")

  def partial_lock(self, m, *selects):
    expressions = "".join(f'<select xmlns:r="{METRICS}">{each}</select>' for each in selects)
    reply = ask(m, f'<partial-lock xmlns="{PARTIAL}">{expressions}</partial-lock>')
    return etree.fromstring(reply.xml.encode()).findtext(".//p:lock-id", namespaces=NS)

  def test_R_28756_partial_lock(self):
    self.has("capability:partial-lock:1.0")
    self.edit(metrics(threshold(self.name), threshold(self.name + "-2")))
    other = self.session()
    self.partial_lock(self.m, f"/r:metrics/r:threshold[r:name='{self.name}']")
    self.edit(metrics(threshold(self.name, 5)))
    self.edit(metrics(threshold(self.name + "-2", 6)), m=other)
    self.refused("in-use", lambda: self.edit(metrics(threshold(self.name, 7)), m=other))
    self.assertEqual("5", self.rising())

  def test_R_41829_granularity_by_xpath(self):
    self.has("capability:partial-lock:1.0")
    self.edit(metrics(*(threshold(f"{self.name}-{each}", each + 1) for each in range(3))))
    other = self.session()
    self.partial_lock(self.m, f"/r:metrics/r:threshold[starts-with(r:name, '{self.name}') and r:rising > 1]/r:rising")
    self.edit(metrics(threshold(self.name + "-0", 9)), m=other)
    for each in (1, 2):
      self.refused("in-use", lambda: self.edit(metrics(threshold(f"{self.name}-{each}", 9)), m=other))  # pylint: disable=cell-var-from-loop

  def test_R_03465_partial_unlock_releases(self):
    self.has("capability:partial-lock:1.0")
    self.edit(metrics(threshold(self.name)))
    other = self.session()
    lock = self.partial_lock(self.m, f"/r:metrics/r:threshold[r:name='{self.name}']")
    self.refused("in-use", lambda: self.edit(metrics(threshold(self.name, 2)), m=other))
    ask(self.m, f'<partial-unlock xmlns="{PARTIAL}"><lock-id>{lock}</lock-id></partial-unlock>')
    self.edit(metrics(threshold(self.name, 2)), m=other)

  def test_R_01334_partial_lock_of_RFC_5717(self):
    self.has("capability:partial-lock:1.0")
    self.edit(metrics(threshold(self.name)))
    other = connect()
    select = f"/r:metrics/r:threshold[r:name='{self.name}']"
    self.partial_lock(other, select)
    denied = self.refused("lock-denied", lambda: self.partial_lock(self.m, select))
    self.assertIn(other.session_id, denied.info)
    self.refused("lock-denied", lambda: self.m.lock("running"))
    other.close_session()
    until(lambda: self.locked_and_unlocked("running"), "the lock's release")

  # --- functions, filters, transports

  def test_R_07545_all_functions_by_the_supplied_models(self):
    """Every RPC of the models is there: called without input, it answers or says what input it lacks."""
    lacking = ("missing-element", "data-missing", "invalid-value", "operation-failed")
    for module in OWN:
      names = re.findall(r"(?m)^  rpc (\S+) {", self.m.get_schema(module).data)
      for name in set(names) - {"diagnose"}:  # which says that it is to come
        with self.subTest(name):
          try:
            ask(self.m, f'<{name} xmlns="urn:southbound:yang:{module}"/>')
          except RPCError as error:
            self.assertIn(error.tag, lacking, f"{error.tag}: {error.message}")

  def test_R_31809_healthcheck(self):
    """State, scope identifier, time stamp, and blocks of information and faults, over the whole VNF."""
    def check():
      reply = etree.fromstring(ask(self.m, f'<healthcheck xmlns="{NF}"/>').xml.encode())
      return reply, {each.findtext("n:name", namespaces=NS): each for each in reply.iterfind(".//n:check", NS)}
    reply, checks = check()
    self.assertEqual("healthy", reply.findtext(".//n:state", namespaces=NS))
    self.assertEqual("onap", reply.findtext(".//n:scope", namespaces=NS))
    self.assertRegex(reply.findtext(".//n:time", namespaces=NS), r"^\d{4}-\d\d-\d\dT")
    self.assertEqual({"workers", "endpoints", "chains", "replication", "resources", "storage"}, set(checks))
    for each in checks.values():
      self.assertTrue(each.findtext("n:info", namespaces=NS))
      self.assertIsNone(each.find("n:fault", NS))
    self.edit(f'''<chains xmlns="urn:southbound:yang:southbound-chain"><chain><name>{self.name}</name><precedence>10</precedence><scope/>
        <next-hop><position>1</position><nf>nobody</nf></next-hop></chain></chains>''')
    until(lambda: check()[1]["chains"].find("n:fault", NS) is not None, "the fault of a chain without its hop")
    reply, checks = check()
    self.assertEqual("unhealthy", reply.findtext(".//n:state", namespaces=NS))
    self.assertIn(self.name, checks["chains"].findtext("n:fault", namespaces=NS))
    self.edit(f'''<chains xmlns="urn:southbound:yang:southbound-chain" xmlns:nc="{NC}"><chain nc:operation="delete">
        <name>{self.name}</name></chain></chains>''')
    until(lambda: check()[0].findtext(".//n:state", namespaces=NS) == "healthy", "health without that chain")

  test_R_246519_operations_by_models = test_R_31809_healthcheck

  def test_R_60656_subtree_filtering(self):
    self.edit(metrics(threshold(self.name, 5)))
    select = f"<threshold><rising>5</rising><name>{self.name}</name><metric/></threshold>"
    data = self.m.get_config("running", filter=("subtree", metrics(select))).data
    self.assertEqual({"rising": "5", "name": self.name, "metric": "flows"},
                     {etree.QName(each).localname: each.text for each in data.find(".//r:threshold", NS)})
    self.assertEqual(0, len(self.m.get(filter=("subtree", '<none xmlns="urn:none"/>')).data))

  def test_R_80898_heartbeat(self):
    for null in ("<filter/>", '<filter type="subtree"/>'):
      reply = ask(self.m, f'<get xmlns="{NC}">{null}</get>')
      self.assertEqual(0, len(etree.fromstring(reply.xml.encode()).find("nc:data", NS)))

  def raw(self, greeting):
    """A channel of SSH's subsystem netconf, past both hellos."""
    ssh = paramiko.Transport(("127.0.0.1", instance.port))
    self.addCleanup(ssh.close)
    ssh.connect(username="admin", password=vnf.PASSWORD)
    channel = ssh.open_session()
    channel.settimeout(20)
    channel.invoke_subsystem("netconf")
    self.assertIn("<session-id>", self.up_to(channel, "]]>]]>"))
    channel.sendall(f'<hello xmlns="{NC}"><capabilities><capability>urn:ietf:params:netconf:{greeting}</capability></capabilities></hello>]]>]]>')
    return channel

  @staticmethod
  def up_to(channel, mark):
    text = ""
    while not text.endswith(mark):
      piece = channel.recv(65536).decode()
      if not piece:
        raise AssertionError(f"the session ended after {text}")
      text += piece
    return text

  def test_R_04158_end_of_message_framing_of_RFC_4742(self):
    channel = self.raw("base:1.0")
    channel.sendall(f'<rpc xmlns="{NC}" message-id="1"><get><filter/></get></rpc>]]>]]>')
    self.assertRegex(self.up_to(channel, "]]>]]>"), r'message-id="1"><data(/>|></data>)</rpc-reply>\s*]]>]]>$')

  def test_R_78282_chunked_framing_of_RFC_6242(self):
    channel = self.raw("base:1.1")
    rpc = f'<rpc xmlns="{NC}" message-id="1"><get><filter/></get></rpc>'
    channel.sendall(f"\n#10\n{rpc[:10]}\n#{len(rpc) - 10}\n{rpc[10:]}\n##\n")
    self.assertRegex(self.up_to(channel, "\n##\n"), r'(?s)^\n#\d+\n<.*message-id="1"><data(/>|></data>)</rpc-reply>\n##\n$')


if __name__ == "__main__":
  unittest.main()
