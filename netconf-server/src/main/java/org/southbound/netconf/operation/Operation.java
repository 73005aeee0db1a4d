// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.xml.XmlOut;

/** A protocol operation: one file, one entry in {@link Operations}. Stateless. */
interface Operation {
  String name();

  default String namespace() {
    return Schema.NETCONF;
  }

  /** True if it never waits for anything: no lock, no disk, no network function. */
  default boolean quick() {
    return false;
  }

  /** True if it writes a datastore, for which it waits until nobody else writes. */
  default boolean writes() {
    return false;
  }

  /** Reads its parameters from the request and writes the content of rpc-reply. */
  void run(Request request, XmlOut out) throws NetconfException;
}
