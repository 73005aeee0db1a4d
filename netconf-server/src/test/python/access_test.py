# SPDX-License-Identifier: Apache-2.0
"""Two users of ncclient, a client that is not ours, under the rules of RFC 8341. Run by AccessTest; arguments: port, the
passwords of admin and guest. Prints "ok NAME" for each step that went as it should; an exception ends it otherwise."""
import sys

from ncclient import manager
from ncclient.operations import RPCError
from ncclient.xml_ import to_ele

PORT, PASSWORDS = int(sys.argv[1]), {"admin": sys.argv[2], "guest": sys.argv[3]}
BENCH = "urn:ncload:bench"
NC = "urn:ietf:params:xml:ns:netconf:base:1.0"
NACM = "urn:ietf:params:xml:ns:yang:ietf-netconf-acm"
NOTIFICATION = "urn:ietf:params:xml:ns:netconf:notification:1.0"
MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"


def connect(user):
    return manager.connect(host="127.0.0.1", port=PORT, username=user, password=PASSWORDS[user], hostkey_verify=False,
                           allow_agent=False, look_for_keys=False, timeout=60)


def bench(content):
    return f'<config xmlns:nc="{NC}"><bench xmlns="{BENCH}">{content}</bench></config>'


def rules(content):
    return (f'<config xmlns:nc="{NC}"><nacm xmlns="{NACM}"><groups><group><name>few</name><user-name>guest</user-name></group>'
            f'</groups><rule-list nc:operation="replace"><name>few</name><group>few</group>{content}</rule-list></nacm></config>')


def rule(name, what, operations, action):
    return (f"<rule><name>{name}</name>{what}<access-operations>{operations}</access-operations>"
            f"<action>{action}</action></rule>")


def path(text):
    return f'<path xmlns:b="{BENCH}">{text}</path>'


def refused(call):
    try:
        call()
    except RPCError as e:
        assert e.tag == "access-denied", f"{e.tag}: {e.message}"
        return e
    raise AssertionError("not refused")


def ok(name):
    print("ok", name, flush=True)


with connect("admin") as admin, connect("guest") as guest:
    def seen():
        return guest.get_config("running", filter=("subtree", f'<bench xmlns="{BENCH}"/>')).data_xml

    admin.edit_config(target="running", config=bench("<counter>5</counter><entry><name>a</name></entry>"))
    assert "<counter>5</counter>" in seen()
    refused(lambda: guest.edit_config(target="running", config=bench("<counter>6</counter>")))
    ok("read is permitted and write is denied without rules")

    admin.edit_config(target="running", config=rules(
        rule("hide", path("/b:bench/b:counter"), "read", "deny")
        + rule("own", path("/b:bench/b:entry[b:name='a']"), "update create delete", "permit")
        + rule("no-schema", "<module-name>ietf-netconf-monitoring</module-name><rpc-name>get-schema</rpc-name>", "exec", "deny")))
    assert "counter" not in seen() and "<name>a</name>" in seen()
    assert guest.get_config("running", filter=("subtree", f'<bench xmlns="{BENCH}"><counter>5</counter></bench>')
                            ).data_xml.count("bench") == 0
    guest.edit_config(target="running", config=bench("<entry><name>a</name><value>7</value></entry>"))
    e = refused(lambda: guest.edit_config(target="candidate", config=bench("<entry><name>b</name></entry>")))
    assert e.path.endswith("entry[bench:name='b']"), e.path
    refused(lambda: guest.get_schema("bench"))
    ok("rules take effect in an open session")

    admin.edit_config(target="candidate", config=bench("<counter>8</counter>"))
    assert "counter" not in guest.get_config("candidate").data_xml
    refused(guest.commit)
    guest.discard_changes()
    ok("an unreadable candidate is neither shown nor committed")

    refused(lambda: guest.kill_session("1"))
    refused(lambda: guest.edit_config(target="running", config=rules("")))
    refused(lambda: guest.copy_config(source="candidate", target="running"))
    ok("what is denied by default")

    state = admin.get(filter=("subtree", f'<nacm xmlns="{NACM}"/>')).data_xml
    assert "<denied-operations>2</denied-operations>" in state, state
    assert "<denied-data-writes>5</denied-data-writes>" in state, state
    assert "denied-operations" not in guest.get().data_xml
    ok("denied requests are counted")

    guest.dispatch(to_ele(f'<create-subscription xmlns="{NOTIFICATION}"><filter>'
                          '<ownership-changed xmlns="urn:southbound:yang:southbound-state"/>'
                          '<chain-changed xmlns="urn:southbound:yang:southbound-chain"/></filter></create-subscription>'))
    ok("subscribe")
    sys.stdin.readline()
    for event in ("ownership-changed", "chain-changed"):
        assert event in guest.take_notification(timeout=30).notification_xml
    admin.edit_config(target="running", config=rules(
        rule("quiet", "<notification-name>ownership-changed</notification-name>", "read", "deny")))
    ok("quiet")
    sys.stdin.readline()
    assert "chain-changed" in guest.take_notification(timeout=30).notification_xml
    ok("an open subscription follows the rules")

    admin.edit_config(target="running", config=rules(rule("all", "", "*", "permit")))
    guest.edit_config(target="running", config=bench("<counter>9</counter>"))
    admin.edit_config(target="running", config=rules(rule("none", "", "*", "deny")))
    refused(lambda: guest.get_config("running"))
ok("closing is always allowed")
