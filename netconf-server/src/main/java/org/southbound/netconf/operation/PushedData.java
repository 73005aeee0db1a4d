// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.notification.PushSource;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.xml.Filter;

/** The datastores that can be subscribed to: all there are; intended is running. */
public record PushedData(Datastores datastores, Operational operational) implements PushSource {
  private static final String DATASTORES = "urn:ietf:params:xml:ns:yang:ietf-datastores";

  @Override
  public boolean has(QName datastore) {
    return datastore.getNamespace().toString().equals(DATASTORES) && switch (datastore.getLocalName()) {
      case "running", "intended", "candidate", "startup", "operational" -> true;
      default -> false;
    };
  }

  @Override
  public ContainerNode tree(QName datastore, Filter filter, Session reader) {
    return switch (datastore.getLocalName()) {
      case "running", "intended" -> datastores.running();
      case "candidate" -> datastores.candidate();
      case "startup" -> datastores.tree(Datastores.Name.STARTUP);
      default -> operational.over(datastores.running(), filter, reader);
    };
  }
}
