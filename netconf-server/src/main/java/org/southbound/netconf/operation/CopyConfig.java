// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.util.List;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.DataReader;
import org.southbound.netconf.datastore.Datastores.Name;
import org.southbound.netconf.datastore.Defaults;
import org.southbound.netconf.datastore.Edit;
import org.southbound.netconf.datastore.Editor;
import org.southbound.netconf.datastore.FileStore;
import org.southbound.netconf.xml.WithDefaults;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** copy-config, RFC 6241 section 7.3: from a datastore or from a configuration given inline. */
final class CopyConfig implements Operation {
  @Override
  public String name() {
    return "copy-config";
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    Name target = null;
    Name source = null;
    WithDefaults defaults = WithDefaults.EXPLICIT;
    ContainerNode given = null;
    XmlIn in = request.in();
    Context context = request.context();
    while (request.next()) {
      switch (in.name()) {
        case "target" -> target = request.datastore();
        case "source" -> {
          if (!request.child()) {
            throw XmlIn.missing("source");
          }
          if (in.name().equals("config")) {
            List<Edit> edits = DataReader.config(in, context.schema().root());
            given = Editor.apply(context.schema().root(), FileStore.empty(context.schema()), edits,
                Edit.Operation.MERGE);
          } else {
            source = request.named();
          }
          if (in.child()) {
            throw in.unknown();
          }
        }
        case "with-defaults" -> defaults = request.withDefaults();
        default -> throw in.unknown();
      }
    }
    if (target == null) {
      throw XmlIn.missing("target");
    }
    if (source == null && given == null) {
      throw XmlIn.missing("source");
    }
    if (source == target) {
      throw NetconfException.of(ErrorTag.INVALID_VALUE, "Source and target are the same datastore.").type("protocol");
    }
    ContainerNode tree = given != null ? given
        : context.access().readable(request.session().user(), context.schema().root(),
            context.datastores().tree(source));
    context.datastores().replace(request.writer(), target, Defaults.apply(context.schema().root(), tree, defaults));
    out.raw("<ok/>");
  }
}
