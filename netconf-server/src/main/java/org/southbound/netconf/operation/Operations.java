// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.Later;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.schema.Module;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.session.Dispatcher;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** The table of operations, and the way from an rpc to its rpc-reply. Thread-safe. */
public final class Operations implements Dispatcher {
  private static final Logger LOG = LoggerFactory.getLogger(Operations.class);
  private static final List<Operation> ALL = List.of(new GetConfig(), new Get(), new EditConfig(), new CopyConfig(),
      new DeleteConfig(), new Lock(), new Unlock(), new Commit(), new CancelCommit(), new DiscardChanges(),
      new Validate(),
      new CloseSession(),
      new KillSession(), new PartialLock(), new PartialUnlock(), new GetSchema(), new GetData(), new EditData(),
      new CreateSubscription(),
      new Action());

  private static final int SHORT = 4096; // octets
  private static final long QUICK_NANOS = 500_000;

  private final Context context;
  private final Map<String, Operation> byName = new HashMap<>();
  private final List<String> capabilities;
  private final Operation model = new ModelRpc();
  private volatile boolean quickly = true;

  public Operations(Context context, List<String> capabilities) {
    this.context = context;
    this.capabilities = capabilities;
    for (Operation each : ALL) {
      if (each instanceof Action || context.schema().rpc(each.namespace(), each.name()) != null) {
        byName.put(each.name(), each);
      }
    }
  }

  /** Capabilities for this model (RFC 6241 section 8, RFC 6020 section 5.6.4, RFC 8525). */
  public static List<String> capabilities(Schema schema, String contentId) {
    var all = new ArrayList<String>();
    String prefix = "urn:ietf:params:netconf:capability:";
    all.add("urn:ietf:params:netconf:base:1.0");
    all.add("urn:ietf:params:netconf:base:1.1");
    all.add(prefix + "writable-running:1.0");
    all.add(prefix + "candidate:1.0");
    all.add(prefix + "confirmed-commit:1.1");
    all.add(prefix + "rollback-on-error:1.0");
    if (schema.has("ietf-netconf-partial-lock")) {
      all.add(prefix + "partial-lock:1.0");
    }
    all.add(prefix + "startup:1.0");
    all.add(prefix + "url:1.0?scheme=file,https");
    all.add(prefix + "validate:1.0");
    all.add(prefix + "validate:1.1");
    all.add(prefix + "xpath:1.0");
    if (schema.has("ietf-netconf-with-defaults")) {
      all.add(prefix + "with-defaults:1.0?basic-mode=explicit&also-supported=report-all,report-all-tagged,trim");
      if (schema.has("ietf-netconf-nmda")) {
        all.add(prefix
            + "with-operational-defaults:1.0?basic-mode=explicit&also-supported=report-all,report-all-tagged,trim");
      }
    }
    if (schema.has("notifications")) {
      all.add(prefix + "notification:1.0");
      all.add(prefix + "interleave:1.0");
    }
    for (Module each : schema.modules()) {
      if (each.name().equals("ietf-yang-library")) {
        all.add(prefix + "yang-library:1.1?revision=" + each.revision() + "&content-id=" + contentId);
      }
    }
    for (Module each : schema.modules()) {
      if (!each.submodule()) {
        all.add(each.namespace() + "?module=" + each.name()
            + (each.revision().isEmpty() ? "" : "&revision=" + each.revision())
            + (each.features().isEmpty() ? "" : "&features=" + String.join(",", each.features())));
      }
    }
    return List.copyOf(all);
  }

  @Override
  public List<String> capabilities(Session session) {
    return capabilities;
  }

  @Override
  public boolean answer(Session session, byte[] message, int offset, int length, XmlOut out, boolean mayWait) {
    out.raw("<rpc-reply xmlns=\"").raw(Schema.NETCONF).raw('"');
    int attributes = out.length();
    int body = attributes;
    try {
      XmlIn in = XmlIn.open(message, offset, length);
      if (!in.name().equals("rpc")) {
        throw in.unknown().type("rpc");
      }
      if (!in.namespace().equals(Schema.NETCONF)) {
        throw NetconfException.of(ErrorTag.UNKNOWN_NAMESPACE, "An rpc is of namespace " + Schema.NETCONF + ".")
            .type("rpc").info("bad-element", "rpc").info("bad-namespace", in.namespace());
      }
      in.copyAttributes(out);
      out.raw('>');
      body = out.length();
      if (in.attribute(null, "message-id") == null) {
        throw NetconfException.of(ErrorTag.MISSING_ATTRIBUTE, "An rpc needs a message-id.").type("rpc")
            .info("bad-attribute", "message-id").info("bad-element", "rpc");
      }
      if (!in.child()) {
        throw XmlIn.missing("operation").type("rpc");
      }
      Operation operation = byName.get(in.name());
      if (operation == null || !operation.namespace().equals(in.namespace())) {
        operation = model;
      }
      var request = new Request(context, session, in, mayWait);
      if (operation.writes()) {
        if (!write(request, operation, length, out)) {
          return false;
        }
      } else if (mayWait || operation.quick()) {
        run(request, operation, out);
      } else {
        return false;
      }
      session.inRpcs.increment();
    } catch (NetconfException e) {
      fail(session, out, body, attributes, e);
    } catch (Later e) {
      return false;
    } catch (RuntimeException | StackOverflowError e) {
      LOG.error("session {}: an operation failed by a bug", session.id(), e);
      fail(session, out, body, attributes,
          NetconfException.of(ErrorTag.OPERATION_FAILED,
              "The operation failed by a bug of the server, which it logged."));
    }
    out.raw("</rpc-reply>");
    return true;
  }

  /**
   * A thread that must not wait writes if nobody else does, the request is short and the write before was quick: then to change
   * the thread would cost more than what it does. So writing holds up one of the threads that others need at most.
   */
  private boolean write(Request request, Operation operation, int length, XmlOut out) throws NetconfException {
    Datastores datastores = context.datastores();
    boolean here = !request.mayWait();
    if (here && (!quickly || length > SHORT || !datastores.enter())) {
      return false;
    }
    long begun = System.nanoTime();
    try {
      run(request, operation, out);
    } finally {
      quickly = System.nanoTime() - begun < QUICK_NANOS;
      if (here) {
        datastores.leave();
      }
    }
    return true;
  }

  private void run(Request request, Operation operation, XmlOut out) throws NetconfException {
    XmlIn in = request.in();
    YangNode rpc = context.schema().rpc(in.namespace(), in.name());
    if (rpc != null && !(operation instanceof CloseSession)) { // RFC 8341 section 3.2.4: closing is always allowed
      context.access().execute(request.session().user(), rpc);
    }
    operation.run(request, out);
  }

  private void fail(Session session, XmlOut out, int body, int attributes, NetconfException e) {
    if (e.type().equals("rpc")) { // RFC 6022: XML parse errors and errors on the rpc layer
      session.inBadRpcs.increment();
    } else {
      session.inRpcs.increment();
    }
    session.outRpcErrors.increment();
    if (body == attributes) { // the rpc element was not read: there is nothing to carry back
      out.truncate(attributes);
      out.raw('>');
    } else {
      out.truncate(body);
    }
    ErrorWriter.write(context.schema(), out, e);
  }
}
