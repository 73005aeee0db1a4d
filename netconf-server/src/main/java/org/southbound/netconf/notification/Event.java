// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.time.Instant;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.DataWriter.Visibility;

/**
 * A notification as it happened. Written once for those who may see all of it, and once for each class of readers who may not.
 * Only the dispatcher's thread asks for the latter.
 */
final class Event {
  final long number;
  final Instant time;
  final YangNode node;
  final ContainerNode data;
  /** The notification element as one who may see all gets it. */
  final byte[] xml;
  private Visibility seenBy;
  private byte[] seen;

  Event(long number, Instant time, YangNode node, ContainerNode data, byte[] xml) {
    this.number = number;
    this.time = time;
    this.node = node;
    this.data = data;
    this.xml = xml;
  }

  /** The notification element as one with that view gets it; null sees all. */
  @SuppressWarnings("ReferenceEquality") // users with the same rights share one object
  byte[] xml(Visibility view, NotificationWriter writer) {
    if (view == null) {
      return xml;
    }
    if (view != seenBy) {
      seen = writer.write(time, node, data, view);
      seenBy = view;
    }
    return seen;
  }
}
