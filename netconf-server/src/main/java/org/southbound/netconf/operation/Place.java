// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.DataReader;
import org.southbound.netconf.datastore.Datastores.Name;
import org.southbound.netconf.datastore.Edit;
import org.southbound.netconf.datastore.Editor;
import org.southbound.netconf.datastore.FileStore;
import org.southbound.netconf.xml.XmlIn;

/** Where a whole configuration is or goes: the choices config-source and config-target of ietf-netconf. */
sealed interface Place {
  /** A datastore. */
  record In(Name datastore) implements Place {
  }

  /** A file or a remote resource. */
  record At(String url) implements Place {
  }

  /** The request itself. */
  record Given(ContainerNode tree) implements Place {
  }

  /** The one child of the present element, which is source or target; only a source may be given inline. */
  static Place read(Request request) throws NetconfException {
    XmlIn in = request.in();
    String parameter = in.name();
    if (!request.child()) {
      throw XmlIn.missing(parameter);
    }
    Place place;
    if (in.name().equals("url")) {
      place = new At(in.text().strip());
    } else if (in.name().equals("config") && parameter.equals("source")) {
      Context context = request.context();
      place = new Given(Editor.apply(context.schema().root(), FileStore.empty(context.schema()),
          DataReader.config(in, context.schema().root()), Edit.Operation.MERGE));
    } else {
      place = new In(request.named());
    }
    if (in.child()) {
      throw in.unknown();
    }
    return place;
  }

  /** The configuration that is there now. */
  default ContainerNode tree(Request request) throws NetconfException {
    Context context = request.context();
    return switch (this) {
      case In in -> context.datastores().tree(in.datastore);
      case At at -> Editor.apply(context.schema().root(), FileStore.empty(context.schema()),
          request.urls().edits(at.url, context.schema().root()), Edit.Operation.MERGE);
      case Given given -> given.tree;
    };
  }
}
