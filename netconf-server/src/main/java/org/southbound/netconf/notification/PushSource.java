// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.xml.Filter;

/** Where pushed data come from. */
public interface PushSource {
  /** Whether there is such a datastore, named by an identity of ietf-datastores or one derived from it. */
  boolean has(QName datastore);

  /**
   * What is in the datastore now. Called on a thread that may wait.
   *
   * @param filter what will be taken of it; null: everything
   */
  ContainerNode tree(QName datastore, Filter filter, Session reader);
}
