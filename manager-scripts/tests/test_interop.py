# SPDX-License-Identifier: Apache-2.0
"""Clients that are not ours against a real instance: yangcli, Ansible, OpenDaylight. Run by ./southbound test --interop."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import vnf  # pylint: disable=wrong-import-position

ROOT = pathlib.Path(__file__).resolve().parents[2]
METRICS = "urn:southbound:yang:southbound-metrics"

instance = None


def load_tests(_loader, tests, _pattern):
  return tests if os.environ.get("SOUTHBOUND_INTEROP") else unittest.TestSuite()


def setUpModule():
  global instance  # pylint: disable=global-statement
  instance = vnf.Vnf("interop")


def metrics(name, rising):
  return (f'<metrics xmlns="{METRICS}"><threshold><name>{name}</name><metric>flows</metric><rising>{rising}</rising>'
          "<falling>1</falling></threshold></metrics>")


def run(arguments, timeout=240, **environment):
  done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                        timeout=timeout, env={**os.environ, **environment}, check=False)
  return done.returncode, done.stdout


class YangcliTest(unittest.TestCase):
  """Yuma's client, which reads the models with get-schema."""

  def yangcli(self, *commands):
    folder = vnf.folder()
    (folder / "commands").write_text("\n".join(commands) + "\nclose-session\n")
    _, output = run(["yangcli", "--server=127.0.0.1", f"--ncport={instance.port}", "--user=admin", f"--password={vnf.PASSWORD}",
                     "--batch-mode", f"--run-script={folder / 'commands'}", "--bad-data=error", "--display-mode=plain"], HOME=str(folder))
    self.assertNotIn("canceled", output)
    self.assertNotIn("RPC Error", output)
    return output

  def test_get(self):
    output = self.yangcli("sget-config /nf source=running", "sget /metrics")
    self.assertIn("name interop", output)
    self.assertIn("name packets-received", output)

  def test_edit_lock_validate_commit(self):
    content = vnf.folder() / "content.xml"
    content.write_text(metrics("yuma", 9))
    output = self.yangcli("lock target=candidate", f"edit-config target=candidate default-operation=merge config=@{content}",
                          "merge /metrics/threshold[name='yuma']/severity value='minor'", "validate source=candidate", "commit",
                          "unlock target=candidate", "sget-config /metrics source=running")
    self.assertRegex(output, r"name yuma\s+metric flows\s+rising 9\s+falling 1\s+severity minor")
    output = self.yangcli("lock target=candidate", "delete /metrics/threshold[name='yuma']", "commit", "unlock target=candidate",
                          "sget-config /metrics source=running")
    self.assertNotIn("name yuma", output)

  def test_calls_and_schemas(self):
    output = self.yangcli("query-metrics", "get-schema identifier=southbound-metrics format=yang", "discard-changes",
                          "create-subscription")
    self.assertIn("name packets-received", output)
    self.assertIn("module southbound-metrics", output)


class AnsibleTest(unittest.TestCase):
  def play(self, *tasks):
    folder = vnf.folder()
    host = {"ansible_connection": "ansible.netcommon.netconf", "ansible_host": "127.0.0.1", "ansible_port": instance.port,
            "ansible_user": "admin", "ansible_password": vnf.PASSWORD, "ansible_network_os": "default"}
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": {"vnf": host}}}))
    (folder / "play.json").write_text(json.dumps([{"hosts": "vnf", "gather_facts": False, "tasks": tasks}]))
    status, output = run(["ansible-playbook", "-i", str(folder / "inventory.json"), str(folder / "play.json")], HOME=str(folder),
                         ANSIBLE_HOST_KEY_CHECKING="false")
    self.assertEqual(0, status, output)

  @staticmethod
  def holds(*conditions):
    return {"ansible.builtin.assert": {"that": list(conditions)}}

  def test_get(self):
    self.play({"ansible.netcommon.netconf_get": {"source": "running", "filter": '<nf xmlns="urn:southbound:yang:southbound-nf"><name/></nf>'},
               "register": "got"},
              self.holds("'<name>interop</name>' in got.stdout", "'management' not in got.stdout"))

  def test_config(self):
    """What is configured already is not changed; a change can be undone with the backup."""
    change = {"target": "candidate", "lock": "always", "validate": True, "content": f"<config>{metrics('ansible', 4)}</config>"}
    self.play({"ansible.netcommon.netconf_config": {**change, "backup": True}, "register": "first"},
              {"ansible.netcommon.netconf_config": change, "register": "second"},
              self.holds("first is changed", "second is not changed"),
              {"ansible.netcommon.netconf_config": {
                  "target": "candidate", "default_operation": "replace",
                  "content": "{{ lookup('file', first.backup_path) | replace('<data ', '<config ') | replace('</data>', '</config>') }}"},
               "register": "restored"},
              {"ansible.netcommon.netconf_get": {"source": "running"}, "register": "got"},
              self.holds("restored is changed", "'<name>ansible</name>' not in got.stdout", "'<name>interop</name>' in got.stdout"))

  def test_rpc(self):
    self.play({"ansible.netcommon.netconf_rpc": {"rpc": "query-metrics", "xmlns": METRICS, "content": "<name>flows</name>"}, "register": "called"},
              self.holds("'<name>flows</name>' in called.stdout", "'packets-received' not in called.stdout"))


class OpenDaylightTest(unittest.TestCase):
  def test_R_26508_mounted_on_opendaylight(self):
    java = pathlib.Path(os.environ["JAVA_HOME"]) / "bin" / "java"
    built = ROOT / "interop" / "target"
    status, output = run([str(java), "-cp", f"{built / 'classes'}:{built / 'lib'}/*", "org.southbound.interop.OpenDaylightMount",
                          str(instance.port), "admin", vnf.PASSWORD, str(vnf.folder())])
    self.assertEqual(0, status, output)
    self.assertEqual(13, output.count("\nok ") + output.startswith("ok "), output)


if __name__ == "__main__":
  unittest.main()
