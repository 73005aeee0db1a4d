// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.DataReader;
import org.southbound.netconf.datastore.Editor;
import org.southbound.netconf.datastore.Invocation;
import org.southbound.netconf.datastore.Validator;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** An action on a node that exists in the operational state (RFC 7950 section 7.15.2). */
final class Action implements Operation {
  @Override
  public String name() {
    return "action";
  }

  @Override
  public String namespace() {
    return "urn:ietf:params:xml:ns:yang:1";
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    Context context = request.context();
    XmlIn in = request.in();
    if (!in.child()) {
      throw XmlIn.missing("action");
    }
    Invocation call = DataReader.nested(in, context.schema().root(), false);
    if (in.child()) {
      throw in.unknown();
    }
    request.end();
    YangNode action = call.operation();
    context.access().execute(request.session().user(), call.target(), action);
    if (!context.rpcs().has(action)) {
      throw NetconfException.of(ErrorTag.OPERATION_NOT_SUPPORTED, "There is no action " + action.localName() + " here.")
          .at(call.target()).info("bad-element", action.localName());
    }
    ContainerNode input = Editor.build(action, call.content());
    ContainerNode tree = context.operational().over(context.datastores().running(), null, request.session());
    Validator.operation(context.schema().root(), tree, call.target(), action, input);
    ContainerNode output = context.rpcs().call(request.session(), action, call.target(), input);
    ModelRpc.reply(request, action, output, out);
  }
}
