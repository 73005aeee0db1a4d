// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.DataWriter;

/** Every access decision there is (RFC 8341 section 3.1): one call for each RPC, read, write and notification. Thread-safe. */
public interface AccessControl {
  /** May the user execute this RPC? Throws access-denied if not. */
  void execute(User user, YangNode rpc) throws NetconfException;

  /**
   * May the user execute this action on that instance, and read the instance and all it is in? Throws access-denied if not.
   *
   * @param holder the instance that the action belongs to
   */
  void execute(User user, DataPath holder, YangNode action) throws NetconfException;

  /** What the user may read; null if everything. A node is readable only if all that it is in is. */
  DataWriter.Visibility reads(User user);

  /** What the user may read of a tree: the source of a copy-config (RFC 8341 section 3.2.5). */
  ContainerNode readable(User user, YangNode root, ContainerNode tree);

  /**
   * May the user turn one tree into the other? Throws access-denied with the path of the first node that forbids it, or of what
   * the user may read of that path.
   */
  void write(User user, YangNode root, ContainerNode before, ContainerNode after) throws NetconfException;

  /** An error as the user may hear it: one that would tell whether something unreadable exists becomes access-denied. */
  NetconfException tell(User user, NetconfException error);

  /** May the user get this notification? Counts it if not. */
  boolean receives(User user, YangNode notification);

  /** May the user get this notification of that instance? Counts it if not. */
  boolean receives(User user, DataPath holder, YangNode notification);
}
