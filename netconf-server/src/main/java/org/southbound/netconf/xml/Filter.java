// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xml;

import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.YangNode;

/** What a client wants of a data tree or of notifications: a subtree filter or an XPath expression. Immutable, thread-safe. */
public sealed interface Filter permits SubtreeFilter, XPathFilter {
  /** True if it never takes long, whatever the data. */
  boolean quick();

  /** True if the filter can select the top-level node or something below it. */
  boolean mayTouch(YangNode top);

  /** Writes what the filter selects of the root's children. */
  void write(DataWriter writer, YangNode root, DataContainerNode data) throws NetconfException;

  /**
   * True if a notification passes (RFC 5277 section 3.6, RFC 8639 section 2.2). The scratch writer's visibility is whose eyes
   * count; what is written to it is taken back. None passes an XPath expression that cannot be evaluated.
   *
   * @param holder the instance that the notification belongs to; null for one at the top
   */
  boolean passes(DataWriter scratch, DataPath holder, YangNode notification, DataContainerNode data);
}
