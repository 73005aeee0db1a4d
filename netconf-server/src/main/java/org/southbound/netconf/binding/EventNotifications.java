// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.time.Instant;
import java.util.function.Consumer;
import org.southbound.api.VnfApi.Event;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.notification.Notifications;

/** Makes notifications of the API's events. Who raises an event does not wait: the notification is made on another thread. */
final class EventNotifications implements Consumer<Event> {
  private final Notifications notifications;

  EventNotifications(Notifications notifications) {
    this.notifications = notifications;
  }

  @Override
  public void accept(Event event) {
    Instant now = Instant.now();
    notifications.publish(() -> notification(event, now).build());
  }

  private TreeBuilder notification(Event event, Instant now) {
    return switch (event) {
      case Event.ChainChanged each -> of("southbound-chain", "chain-changed").leaf("name", each.name())
          .leaf("generation", each.generation()).leaf("change", each.change())
          .leaf("oper-status", Shapes.text(each.operStatus())).leaf("hop", Shapes.text(each.hop()))
          .leaf("error-app-tag", Shapes.text(each.appTag()));
      case Event.JobProgress each -> Shapes.progress(of("southbound-state", "operation-progress"), each.job());
      case Event.JobEnded each -> Shapes.progress(of("southbound-state", "operation-complete"), each.job());
      case Event.OwnershipChanged each -> of("southbound-state", "ownership-changed")
          .container("scope", scope -> Shapes.scope(scope, each.scope())).leaf("owner", each.owner())
          .leaf("previous-owner", Shapes.text(each.previousOwner())).leaf("epoch", each.epoch())
          .leaf("job", each.job()).leaf("reason", each.reason());
      case Event.LastInTransitSeen each -> of("southbound-state", "last-in-transit-seen")
          .leaf("marker", each.marker()).leaf("from", Shapes.text(each.from())).leaf("synthetic", each.synthetic())
          .leaf("time", Shapes.time(now));
      case Event.ReplicationChanged each -> of("southbound-state", "replication-changed").leaf("id", each.id())
          .leaf("status", Shapes.text(each.status())).leaf("lag", each.lagPackets());
      case Event.PeerChanged each -> of("southbound-nf", "peer-changed").leaf("peer", Shapes.text(each.peer()))
          .leaf("address", Shapes.text(each.address())).leaf("connected", each.connected())
          .leaf("error-app-tag", Shapes.text(each.appTag()));
      case Event.NfAlarm each -> of("southbound-nf", "nf-alarm").leaf("kind", each.alarm().kind())
          .leaf("severity", each.alarm().severity()).leaf("cleared", each.alarm().cleared())
          .leaf("source", address(each.alarm().resource())).leaf("count", each.alarm().count())
          .leaf("text", each.alarm().text());
      case Event.ResourceFull each -> of("southbound-nf", "resource-full").leaf("resource", each.resource())
          .leaf("instance", Shapes.text(each.instance())).leaf("cleared", each.cleared());
    };
  }

  private TreeBuilder of(String module, String name) {
    return new TreeBuilder(notifications.node(module, name));
  }

  /** The resource of an alarm if it is a host; the text tells the rest. */
  private static String address(String resource) {
    return resource.matches("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*") ? resource : null;
  }
}
