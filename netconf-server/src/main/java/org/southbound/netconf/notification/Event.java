// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.time.Instant;
import org.southbound.netconf.notification.NotificationWriter.Content;
import org.southbound.netconf.xml.DataWriter.Visibility;

/**
 * A notification as it happened. Written once for those who may see all of it, and once for each class of readers who may not.
 * Only the dispatcher's thread asks for the latter.
 */
final class Event {
  final long number;
  final Instant time;
  final Content content;
  /** The notification element as one who may see all gets it. */
  final byte[] xml;
  private Visibility seenBy;
  private byte[] seen;

  Event(long number, Instant time, Content content, byte[] xml) {
    this.number = number;
    this.time = time;
    this.content = content;
    this.xml = xml;
  }

  /** The notification element as one with that view gets it; null sees all. */
  @SuppressWarnings("ReferenceEquality") // users with the same rights share one object
  byte[] xml(Visibility view, NotificationWriter writer) {
    if (view == null) {
      return xml;
    }
    if (view != seenBy) {
      seen = writer.write(time, content, view);
      seenBy = view;
    }
    return seen;
  }
}
