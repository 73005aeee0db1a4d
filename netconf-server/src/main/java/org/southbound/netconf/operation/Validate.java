// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.DataReader;
import org.southbound.netconf.datastore.Edit;
import org.southbound.netconf.datastore.Editor;
import org.southbound.netconf.datastore.FileStore;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** validate, RFC 6241 section 8.6.4.1: a datastore or a configuration given inline. */
final class Validate implements Operation {
  @Override
  public String name() {
    return "validate";
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    Context context = request.context();
    ContainerNode tree = null;
    XmlIn in = request.in();
    while (request.next()) {
      if (!in.name().equals("source")) {
        throw in.unknown();
      }
      if (!request.child()) {
        throw XmlIn.missing("source");
      }
      if (in.name().equals("config")) {
        tree = Editor.apply(context.schema().root(), FileStore.empty(context.schema()),
            DataReader.config(in, context.schema().root()), Edit.Operation.MERGE);
      } else {
        tree = context.datastores().tree(request.named());
      }
      if (in.child()) {
        throw in.unknown();
      }
    }
    if (tree == null) {
      throw XmlIn.missing("source");
    }
    context.datastores().validate(tree);
    out.raw("<ok/>");
  }
}
