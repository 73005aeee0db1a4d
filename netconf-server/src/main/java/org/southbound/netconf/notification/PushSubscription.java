// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.time.Instant;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.xml.DataWriter;
import org.southbound.netconf.xml.Filter;
import org.southbound.netconf.xml.XmlOut;

/** A subscription to a datastore (RFC 8641). Updates are made on threads that may wait, one at a time for each subscription. */
abstract sealed class PushSubscription extends Subscription permits PeriodicPush, OnChangePush {
  static final String NAMESPACE = "urn:ietf:params:xml:ns:yang:ietf-yang-push";
  private static final Logger LOG = LoggerFactory.getLogger(PushSubscription.class);

  /** What is selected; filter null: everything. */
  record Selection(QName datastore, Filter filter) {
  }

  /** Makes a notification; null: there is nothing to say. */
  interface Work {
    byte[] make() throws NetconfException;
  }

  final PushSource source;
  Selection selection;
  private boolean working;

  PushSubscription(Notifications notifications, Session session, long id, Selection selection, PushSource source,
      Instant stop) {
    super(notifications, session, id, stop);
    this.selection = selection;
    this.source = source;
  }

  final boolean isWorking() { return working; }

  final YangNode root() {
    return notifications.writer.schema.root();
  }

  final DataWriter.Visibility view() {
    return notifications.access.reads(session.user());
  }

  /** Does something elsewhere and sends what comes of it; then {@link #pump} is called. */
  final void work(String notification, Work work) {
    working = true;
    Thread.ofVirtual().name("push").start(() -> {
      byte[] made = null;
      try {
        made = work.make();
      } catch (NetconfException | RuntimeException e) {
        LOG.warn("an update of subscription {} cannot be made: {}", id(), e.toString());
      }
      byte[] event = made;
      notifications.post(() -> {
        working = false;
        if (!isActive()) {
          return;
        }
        if (event != null) {
          YangNode node = notifications.node("ietf-yang-push", notification);
          if (notifications.access.receives(session.user(), node)) {
            session.event(event);
            sent++;
          } else {
            excluded++;
          }
        }
        pump();
      });
    });
  }

  /** A push-update with all that is selected of a tree. */
  final byte[] update(ContainerNode tree, Selection of) throws NetconfException {
    XmlOut out = NotificationWriter.open(4096, notifications.clock.instant());
    out.raw("<push-update").attribute("xmlns", NAMESPACE).raw('>').element("id", Long.toString(id()))
        .raw("<datastore-contents>");
    select(out, tree, of);
    return NotificationWriter.close(out.raw("</datastore-contents></push-update>"));
  }

  final void select(XmlOut out, ContainerNode tree, Selection of) throws NetconfException {
    var writer = new DataWriter(root().schema(), out, view());
    if (of.filter() == null) {
      writer.children(root(), tree, NAMESPACE, null);
    } else {
      of.filter().write(writer, root(), tree);
    }
  }

  @Override
  void gone() {
    // what is under way is not sent
  }
}
