// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Future;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.xml.Filter;

/**
 * A periodic subscription (RFC 8641 section 3.1): an update at once, or at the anchor time, and from then on every period. When a
 * period ends and the session still has no room, the subscription is suspended until it has.
 */
final class PeriodicPush extends PushSubscription {
  private Duration period;
  private Instant anchor;
  private Instant next;
  private Future<?> tick;
  private boolean suspended;

  /** @param anchor null: now */
  PeriodicPush(Notifications notifications, Session session, long id, Selection selection, PushSource source,
      Duration period, Instant anchor, Instant stop) {
    super(notifications, session, id, selection, source, stop);
    this.period = period;
    this.anchor = anchor;
  }

  /** Changes the filter and, if not null, the period. */
  void change(Filter filter, Duration changed, SubscriptionTerms terms) {
    selection = new Selection(selection.datastore(), filter);
    try {
      Instant moved = SubscriptionTerms.time(terms.trigger("periodic"), "anchor-time");
      anchor = moved == null ? anchor : moved;
    } catch (NetconfException e) {
      throw new IllegalStateException("it was read before", e);
    }
    if (changed != null) {
      period = changed;
      schedule();
    }
  }

  @Override
  boolean isSuspended() { return suspended; }

  @Override
  void begun() {
    if (anchor == null) {
      anchor = notifications.clock.instant();
      next = anchor;
      due();
    } else {
      schedule();
    }
  }

  private void schedule() {
    Instant now = notifications.clock.instant();
    long periods = Math.floorDiv(Duration.between(anchor, now).toMillis(), period.toMillis()) + 1;
    next = anchor.plus(period.multipliedBy(periods));
    cancel();
    tick = notifications.later(Duration.between(now, next), this::due);
  }

  private void cancel() {
    if (tick != null) {
      tick.cancel(false);
    }
  }

  private void due() {
    if (!isActive()) {
      return;
    }
    if (isStopDue()) {
      end();
      return;
    }
    if (session.room() && !isWorking()) {
      resume();
      Selection of = selection;
      work("push-update", () -> update(source.tree(of.datastore(), of.filter(), session), of));
    } else if (!suspended && !isWorking()) {
      suspended = true;
      saySuspended();
    }
    schedule();
  }

  private void resume() {
    if (suspended) {
      suspended = false;
      sayResumed();
    }
  }

  @Override
  void pump() {
    if (isActive() && isStopDue()) {
      end();
    } else if (isActive() && suspended && session.room()) {
      resume();
    }
  }

  @Override
  void gone() {
    cancel();
  }
}
