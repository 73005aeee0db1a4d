// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.time.Instant;
import org.southbound.netconf.xml.XmlOut;

/** What a subscriber is told about its subscription (RFC 8639 section 2.7). Access rules do not apply to it. */
final class StateNotification {
  static final String NAMESPACE = "urn:ietf:params:xml:ns:yang:ietf-subscribed-notifications";

  private StateNotification() {
  }

  static byte[] of(Instant time, String name, long id) {
    return of(time, name, id, null);
  }

  /** @param reason an identity of ietf-subscribed-notifications, or null */
  static byte[] of(Instant time, String name, long id, String reason) {
    XmlOut out = NotificationWriter.open(256, time);
    out.raw('<').raw(name).attribute("xmlns", NAMESPACE).raw('>').element("id", Long.toString(id));
    if (reason != null) {
      out.element("reason", reason);
    }
    return NotificationWriter.close(out.raw("</").raw(name).raw('>'));
  }
}
