// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.util.List;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.DataReader;
import org.southbound.netconf.datastore.Datastores.Name;
import org.southbound.netconf.datastore.Edit;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** edit-data, RFC 8526 section 3.1.2: edit-config by the name of a datastore, with rollback on errors. */
final class EditData implements Operation {
  @Override
  public String name() {
    return "edit-data";
  }

  @Override
  public String namespace() {
    return Datastore.NMDA;
  }

  @Override
  public boolean writes() {
    return true;
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    Name target = null;
    List<Edit> edits = null;
    Edit.Operation byDefault = Edit.Operation.MERGE;
    XmlIn in = request.in();
    while (request.next()) {
      switch (in.name()) {
        case "datastore" -> target = writable(request.datastoreIdentity());
        case "default-operation" -> byDefault = switch (in.text().strip()) {
          case "merge" -> Edit.Operation.MERGE;
          case "replace" -> Edit.Operation.REPLACE;
          case "none" -> Edit.Operation.NONE;
          default -> throw Request.invalid("default-operation");
        };
        case "config" -> edits = DataReader.config(in, request.context().schema().root());
        default -> throw in.unknown();
      }
    }
    if (target == null) {
      throw XmlIn.missing("datastore");
    }
    if (edits == null) {
      throw XmlIn.missing("config");
    }
    request.context().datastores().edit(request.writer(), target, edits, byDefault, false, false);
    out.raw("<ok/>");
  }

  /** Only these can be edited, RFC 8526 section 3.1.2. */
  private static Name writable(Datastore datastore) throws NetconfException {
    if (datastore.name6241() == null || datastore.name6241() == Name.STARTUP) { // startup is a copy of running, or nothing
      throw Request.invalid("datastore");
    }
    return datastore.name6241();
  }
}
