# SPDX-License-Identifier: Apache-2.0
"""Drives a server with ncclient, a client that is not ours. Run by NcclientTest; arguments: port, password.

Prints a line "ok NAME" or "failed NAME: why" for each case; exit 1 if one failed.
"""
import sys
import traceback

from ncclient import manager
from ncclient.operations import RPCError
from ncclient.xml_ import to_ele

PORT, PASSWORD = int(sys.argv[1]), sys.argv[2]
BENCH = "urn:ncload:bench"
EVENTS = "urn:ietf:params:xml:ns:yang:ietf-netconf-notifications"
SUBSCRIBED = "urn:ietf:params:xml:ns:yang:ietf-subscribed-notifications"
NC = "urn:ietf:params:xml:ns:netconf:base:1.0"


def connect():
    return manager.connect(host="127.0.0.1", port=PORT, username="admin", password=PASSWORD, hostkey_verify=False,
                           allow_agent=False, look_for_keys=False, timeout=60)


def config(content):
    return f'<config xmlns:nc="{NC}"><bench xmlns="{BENCH}">{content}</bench></config>'


def bench(m, source="running"):
    return m.get_config(source, filter=("subtree", f'<bench xmlns="{BENCH}"/>')).data_xml


def refused(call, tag):
    try:
        call()
    except RPCError as e:
        assert e.tag == tag, f"{e.tag} and not {tag}: {e.message}"
        return e
    raise AssertionError(f"not refused with {tag}")


def hello(m):
    capabilities = list(m.server_capabilities)
    for each in ("base:1.1", "capability:candidate:1.0", "capability:validate:1.1"):
        assert any(each in c for c in capabilities), each


def edit_and_commit(m):
    m.edit_config(target="candidate", config=config("<counter>5</counter><entry><name>a</name></entry>"))
    assert "counter" not in bench(m)
    m.validate("candidate")
    m.commit()
    assert "<counter>5</counter>" in bench(m)


def discard(m):
    m.edit_config(target="candidate", config=config("<counter>6</counter>"))
    assert "<counter>6</counter>" in bench(m, "candidate")
    m.discard_changes()
    assert "<counter>5</counter>" in bench(m, "candidate")


def delete_typed_leaf(m):
    m.edit_config(target="candidate", config=config('<counter nc:operation="delete"/>'))
    m.commit()
    assert "counter" not in bench(m)


def errors(m):
    refused(lambda: m.edit_config(target="candidate", config=config("<counter>x</counter>")), "invalid-value")
    refused(lambda: m.edit_config(target="candidate", config=config("<none/>")), "unknown-element")
    e = refused(lambda: m.edit_config(target="candidate", config=config('<counter nc:operation="delete"/>')), "data-missing")
    assert "counter" in e.path, e.path


def locks(m):
    with m.locked("candidate"):
        other = connect()
        e = refused(lambda: other.lock("candidate"), "lock-denied")
        assert m.session_id in e.info, e.info
        other.close_session()
    with m.locked("running"):
        pass


def kill(m):
    other = connect()
    other.lock("running")
    m.kill_session(other.session_id)
    m.lock("running")
    m.unlock("running")


def copy(m):
    m.copy_config(source="running", target="candidate")
    m.discard_changes()


def get(m):
    assert "netconf-state" in m.get().data_xml
    f = '<netconf-state xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"><schemas/></netconf-state>'
    assert "southbound-chain" in m.get(filter=("subtree", f)).data_xml


def xpath(m):
    m.edit_config(target="candidate", config=config("<entry><name>x</name><value>7</value></entry>"))
    found = m.get_config("candidate", filter=("xpath", ({"b": BENCH}, "/b:bench/b:entry[b:name='x']/b:value"))).data_xml
    assert "<value>7</value>" in found and "<name>a</name>" not in found, found
    assert "identifier" in m.get(filter=("xpath", "//schema[identifier='bench']")).data_xml
    refused(lambda: m.get(filter=("xpath", "/b:bench[")), "invalid-value")
    m.discard_changes()


def with_defaults(m):
    for mode, there in (("report-all", True), ("report-all-tagged", True), ("trim", False), ("explicit", False)):
        f = '<interfaces xmlns="http://example.com/ns/interfaces"><inner/></interfaces>'
        found = m.get_config("running", filter=("subtree", f), with_defaults=mode).data_xml
        assert ("3</" in found) == there, mode + found


def get_data(m):
    nmda = "urn:ietf:params:xml:ns:yang:ietf-netconf-nmda"
    reply = m.dispatch(to_ele(f'''<get-data xmlns="{nmda}" xmlns:ds="urn:ietf:params:xml:ns:yang:ietf-datastores">
        <datastore>ds:operational</datastore><subtree-filter><interfaces xmlns="http://example.com/ns/interfaces"/>
        </subtree-filter><with-origin/></get-data>'''))
    assert 'or:origin="or:default"' in reply.xml, reply.xml


def get_schema(m):
    refused(lambda: m.get_schema("nowhere"), "invalid-value")
    assert m.get_schema("southbound-nf").data.startswith("module southbound-nf")


def generic_rpc(m):
    m.edit_config(target="candidate", config=config("<counter>8</counter>"))
    assert m.rpc("discard-changes").ok
    assert "<counter>8</counter>" not in bench(m, "candidate")


def subscribe(m):
    other = connect()
    other.create_subscription(filter=("subtree", f'<netconf-config-change xmlns="{EVENTS}"/>'))
    m.edit_config(target="running", config=f'<config><bench xmlns="{BENCH}"><counter>99</counter></bench></config>')
    event = other.take_notification(timeout=30).notification_xml
    assert "netconf-config-change" in event and "/b:counter" in event, event
    assert other.take_notification(block=False) is None
    other.close_session()


def establish(m):
    other = connect()
    reply = other.dispatch(to_ele(f'''<establish-subscription xmlns="{SUBSCRIBED}"><stream>NETCONF</stream>
        <stream-xpath-filter xmlns:e="{EVENTS}">/e:netconf-config-change[e:datastore='running']</stream-xpath-filter>
        </establish-subscription>'''))
    number = reply.xml.split(f'<id xmlns="{SUBSCRIBED}">')[1].split("<")[0]
    m.edit_config(target="running", config=f'<config><bench xmlns="{BENCH}"><counter>100</counter></bench></config>')
    assert "netconf-config-change" in other.take_notification(timeout=30).notification_xml
    delete = to_ele(f'<delete-subscription xmlns="{SUBSCRIBED}"><id>{number}</id></delete-subscription>')
    other.dispatch(delete)
    refused(lambda: other.dispatch(delete), "invalid-value")
    other.close_session()


def unknown_rpc(m):
    refused(lambda: m.dispatch(to_ele(f'<fly xmlns="{BENCH}"/>')), "operation-not-supported")


def confirmed(m):
    m.edit_config(target="candidate", config=config("<counter>20</counter>"))
    m.commit(confirmed=True, timeout="60")
    assert "<counter>20</counter>" in bench(m)
    other = connect()
    refused(lambda: other.edit_config(target="running", config=config("<counter>21</counter>")), "in-use")
    m.cancel_commit()
    assert "<counter>20</counter>" not in bench(m)
    m.edit_config(target="candidate", config=config("<counter>22</counter>"))
    m.commit(confirmed=True)
    m.commit()
    other.edit_config(target="candidate", config=config("<counter>23</counter>"))
    other.commit(confirmed=True, timeout="60")
    other.close_session()
    for _ in range(100):  # the rollback comes after the session's end
        if "<counter>22</counter>" in bench(m):
            break
    assert "<counter>22</counter>" in bench(m)


def persistent(m):
    other = connect()
    other.edit_config(target="candidate", config=config("<counter>24</counter>"))
    other.commit(confirmed=True, persist="token")
    other.close_session()
    refused(lambda: m.commit(persist_id="other"), "invalid-value")
    m.commit(persist_id="token")
    assert "<counter>24</counter>" in bench(m)
    m.edit_config(target="candidate", config=config("<counter>25</counter>"))
    m.commit(confirmed=True, persist="next")
    m.cancel_commit(persist_id="next")
    assert "<counter>24</counter>" in bench(m)


def startup(m):
    m.copy_config(source="running", target="startup")
    assert "<counter>24</counter>" in bench(m, "startup")
    with m.locked("startup"):
        other = connect()
        refused(lambda: other.copy_config(source="running", target="startup"), "in-use")
        other.close_session()
    m.validate("startup")
    m.delete_config("startup")
    assert "counter" not in bench(m, "startup")


def url(m):
    m.copy_config(source="running", target="file:///backup.xml")
    m.edit_config(target="running", config=config("<counter>26</counter>"))
    # ncclient's edit_config takes no url without a host.
    m.dispatch(to_ele(f'<edit-config xmlns="{NC}"><target><running/></target><url>file:///backup.xml</url></edit-config>'))
    assert "<counter>24</counter>" in bench(m)
    m.copy_config(source="file:///backup.xml", target="candidate")
    m.discard_changes()
    m.delete_config("file:///backup.xml")
    refused(lambda: m.delete_config("file:///backup.xml"), "data-missing")
    refused(lambda: m.copy_config(source="https://192.0.2.1/a.xml", target="candidate"), "access-denied")


CASES = [hello, edit_and_commit, discard, delete_typed_leaf, errors, locks, kill, copy, confirmed, persistent, startup, url, get, xpath, with_defaults, get_data,
         get_schema, generic_rpc, subscribe, establish, unknown_rpc]


def main():
    failed = 0
    m = connect()
    for case in CASES:
        try:
            case(m)
            print("ok", case.__name__)
        except Exception as e:  # each case is reported, whatever went wrong in it
            failed += 1
            print("failed", case.__name__ + ":", repr(e))
            traceback.print_exc()
    m.close_session()
    return 1 if failed else 0


sys.exit(main())
