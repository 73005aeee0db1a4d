// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Datastores.Name;
import org.southbound.netconf.datastore.ConfigFile;
import org.southbound.netconf.datastore.Defaults;
import org.southbound.netconf.datastore.Secrets;
import org.southbound.netconf.xml.WithDefaults;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** copy-config, RFC 6241 section 7.3: of what the user may read, but for running to startup (RFC 8341 section 3.2.5). */
final class CopyConfig implements Operation {
  @Override
  public String name() {
    return "copy-config";
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    Place target = null;
    Place source = null;
    WithDefaults defaults = WithDefaults.EXPLICIT;
    XmlIn in = request.in();
    while (request.next()) {
      switch (in.name()) {
        case "target" -> target = Place.read(request);
        case "source" -> source = Place.read(request);
        case "with-defaults" -> defaults = request.withDefaults();
        default -> throw in.unknown();
      }
    }
    if (target == null) {
      throw XmlIn.missing("target");
    }
    if (source == null) {
      throw XmlIn.missing("source");
    }
    if (source.equals(target)) {
      throw NetconfException.of(ErrorTag.INVALID_VALUE, "Source and target are the same.").type("protocol");
    }
    Context context = request.context();
    WithDefaults shown = defaults;
    if (source.equals(new Place.In(Name.RUNNING)) && target.equals(new Place.In(Name.STARTUP))) {
      context.datastores().saveRunning(request.writer(),
          running -> Defaults.apply(context.schema().root(), running, shown));
      out.raw("<ok/>");
      return;
    }
    ContainerNode tree = source.tree(request);
    if (source instanceof Place.In) {
      tree = context.access().readable(request.session().user(), context.schema().root(), tree);
    }
    tree = Defaults.apply(context.schema().root(), tree, defaults);
    switch (target) {
      case Place.In place -> context.datastores().replace(request.writer(), place.datastore(), tree);
      case Place.At place -> {
        if (Secrets.anyClear(context.schema().root(), tree)) {
          throw NetconfException
              .of(ErrorTag.INVALID_VALUE, "A password in clear text is not written to a url; give its hash.")
              .info("bad-element", "config");
        }
        request.urls().put(place.url(), ConfigFile.text(context.schema().root(), tree));
      }
      case Place.Given place -> throw XmlIn.unknown("config");
    }
    out.raw("<ok/>");
  }
}
