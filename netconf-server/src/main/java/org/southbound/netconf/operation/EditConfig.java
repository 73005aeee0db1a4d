// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.util.List;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.DataReader;
import org.southbound.netconf.datastore.Datastores.Name;
import org.southbound.netconf.datastore.Edit;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/**
 * edit-config, RFC 6241 section 7.2. Every edit is all or nothing, so stop-on-error and continue-on-error come to the same as
 * rollback-on-error. An edit of running is always validated; one of the candidate if test-option says so, which is the default.
 */
final class EditConfig implements Operation {
  @Override
  public String name() {
    return "edit-config";
  }

  @Override
  public boolean writes() {
    return true;
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    Name target = null;
    List<Edit> edits = null;
    String url = null;
    Edit.Operation byDefault = Edit.Operation.MERGE;
    String test = null;
    XmlIn in = request.in();
    while (request.next()) {
      switch (in.name()) {
        case "target" -> target = request.datastore();
        case "default-operation" -> byDefault = switch (in.text().strip()) {
          case "merge" -> Edit.Operation.MERGE;
          case "replace" -> Edit.Operation.REPLACE;
          case "none" -> Edit.Operation.NONE;
          default -> throw Request.invalid("default-operation");
        };
        case "test-option" -> {
          test = in.text().strip();
          if (!List.of("test-then-set", "set", "test-only").contains(test)) {
            throw Request.invalid("test-option");
          }
        }
        case "error-option" -> {
          if (!List.of("stop-on-error", "continue-on-error", "rollback-on-error").contains(in.text().strip())) {
            throw Request.invalid("error-option");
          }
        }
        case "config" -> edits = DataReader.config(in, request.context().schema().root());
        case "url" -> url = in.text();
        default -> throw in.unknown();
      }
    }
    if (target == null) {
      throw XmlIn.missing("target");
    }
    if (target == Name.STARTUP) {
      throw XmlIn.unknown("startup");
    }
    if ((edits == null) == (url == null)) {
      throw edits == null ? XmlIn.missing("config") : Request.both("config", "url");
    }
    if (url != null) {
      edits = request.urls().edits(url, request.context().schema().root());
    }
    // RFC 6241 makes test-then-set the default; on a candidate that grows in several steps it would refuse each but the last,
    // so there the default is set, and commit validates.
    boolean validate = test != null && !test.equals("set");
    request.context().datastores().edit(request.writer(), target, edits, byDefault, "test-only".equals(test), validate);
    out.raw("<ok/>");
  }
}
