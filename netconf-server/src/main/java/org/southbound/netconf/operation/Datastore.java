// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.util.Locale;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.datastore.Datastores.Name;

/** The datastores of RFC 8342, by their identities in ietf-datastores. */
enum Datastore {
  RUNNING, CANDIDATE, STARTUP, INTENDED, OPERATIONAL;

  static final String NMDA = "urn:ietf:params:xml:ns:yang:ietf-netconf-nmda";
  static final String NAMESPACE = "urn:ietf:params:xml:ns:yang:ietf-datastores";

  String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The datastore of that identity, or null. */
  static Datastore of(String identity) {
    for (Datastore each : values()) {
      if (each.text().equals(identity)) {
        return each;
      }
    }
    return null;
  }

  /** The datastore as RFC 6241 knows it, which can be written; null if it has no name there. */
  Name name6241() {
    for (Name each : Name.values()) {
      if (each.text().equals(text())) {
        return each;
      }
    }
    return null;
  }

  /** True if this server has it. */
  boolean exists() {
    return this == INTENDED || this == OPERATIONAL || name6241() != null;
  }

  /** Its configuration; null for operational. */
  ContainerNode tree(Datastores datastores) {
    return this == INTENDED ? datastores.running() : this == OPERATIONAL ? null : datastores.tree(name6241());
  }
}
