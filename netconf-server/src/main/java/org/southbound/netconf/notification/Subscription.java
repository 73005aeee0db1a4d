// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Future;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.southbound.netconf.session.Session;

/** Somebody's wish for notifications. All methods are called on the dispatcher's thread. */
abstract sealed class Subscription permits StreamSubscription, PushSubscription {
  private static final Duration LONGEST_SUSPENSION = Duration.ofMinutes(2);

  final Notifications notifications;
  final Session session;
  private final long id;
  private Future<?> timeout;
  private Future<?> suspension;
  private Instant stop;
  private boolean begun;
  private boolean over;
  /** Of ietf-subscribed-notifications: records sent, and those that a filter or the access rules held back. */
  long sent;
  long excluded;
  /** Null for a subscription by create-subscription. */
  SubscriptionTerms terms;
  /** The configured filter that the terms name, as it is applied; or null. */
  DataContainerNode namedFilter;

  /** @param id 0 for a subscription by create-subscription */
  Subscription(Notifications notifications, Session session, long id, Instant stop) {
    this.notifications = notifications;
    this.session = session;
    this.id = id;
    this.stop = stop;
  }

  final long id() {
    return id;
  }

  final boolean isActive() { return begun && !over; }

  final Instant stop() {
    return stop;
  }

  /** The reply to the request is on its way. */
  final void begin() {
    begun = true;
    if (!over) {
      begun();
      stopAt(stop);
    }
  }

  /** Changes when it ends; null: not by itself. */
  final void stopAt(Instant time) {
    stop = time;
    if (timeout != null) {
      timeout.cancel(false);
      timeout = null;
    }
    if (time != null && isActive()) {
      timeout = notifications.later(Duration.between(notifications.clock.instant(), time).plusMillis(1), this::pump);
    }
  }

  final boolean isStopDue() { return stop != null && !notifications.clock.instant().isBefore(stop); }

  /** Ends it without a word. */
  final void end() {
    if (!over) {
      notifications.remove(this);
      ended();
    }
  }

  /** Ends it and says why, with an identity of ietf-subscribed-notifications. */
  final void terminate(String reason) {
    session.event(StateNotification.of(notifications.clock.instant(), "subscription-terminated", id, reason));
    end();
  }

  /** Tells that there is no room, and gives up if that stays so. */
  final void saySuspended() {
    session.event(
        StateNotification.of(notifications.clock.instant(), "subscription-suspended", id, "unsupportable-volume"));
    suspension = notifications.later(LONGEST_SUSPENSION, () -> {
      if (isSuspended() && isActive()) {
        terminate("suspension-timeout");
      }
    });
  }

  /** Tells that there is room again. */
  final void sayResumed() {
    suspension.cancel(false);
    session.event(StateNotification.of(notifications.clock.instant(), "subscription-resumed", id));
  }

  /** It is no longer in the table. */
  final void ended() {
    over = true;
    for (Future<?> each : new Future<?>[]{timeout, suspension}) {
      if (each != null) {
        each.cancel(false);
      }
    }
    gone();
  }

  /** True if no more notifications are sent for lack of room. */
  abstract boolean isSuspended();

  /** Events may be sent from now on. */
  abstract void begun();

  /** Sends what there is and what there is room for; ends when it is time. */
  abstract void pump();

  /** Gives back what it holds. */
  abstract void gone();
}
