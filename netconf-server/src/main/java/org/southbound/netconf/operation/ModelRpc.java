// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.DataReader;
import org.southbound.netconf.datastore.Editor;
import org.southbound.netconf.datastore.Validator;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.DataWriter;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** Any RPC of the model (RFC 7950 section 7.14): input read and validated, the handler called, its output written. */
final class ModelRpc implements Operation {
  @Override
  public String name() {
    return "rpc";
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    Context context = request.context();
    XmlIn in = request.in();
    YangNode rpc = context.schema().rpc(in.namespace(), in.name());
    if (rpc == null || !context.rpcs().has(rpc)) {
      if (rpc == null && !in.namespace().isEmpty() && !context.schema().knowsNamespace(in.namespace())) {
        throw NetconfException.of(ErrorTag.UNKNOWN_NAMESPACE, "Namespace " + in.namespace() + " is not known here.")
            .info("bad-element", in.name()).info("bad-namespace", in.namespace());
      }
      throw NetconfException.of(ErrorTag.OPERATION_NOT_SUPPORTED, "There is no operation " + in.name() + " here.")
          .info("bad-element", in.name());
    }
    ContainerNode input = Editor.build(rpc, DataReader.input(in, rpc, DataPath.of(null, rpc)));
    request.end();
    Validator.operation(context.schema().root(), context.datastores().running(), null, rpc, input);
    ContainerNode output = context.rpcs().call(request.session(), rpc, null, input);
    reply(request, rpc, output, out);
  }

  /** Writes the output of an RPC or action, null if there is none, as the user may read it. */
  static void reply(Request request, YangNode operation, ContainerNode output, XmlOut out) {
    if (output == null || output.isEmpty()) {
      out.raw("<ok/>");
      return;
    }
    Context context = request.context();
    new DataWriter(context.schema(), out, context.access().reads(request.session().user()))
        .children(operation.output(), output, Schema.NETCONF, null);
  }
}
