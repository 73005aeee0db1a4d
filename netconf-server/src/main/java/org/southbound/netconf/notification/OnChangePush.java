// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Future;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.xml.Filter;

/**
 * An on-change subscription (RFC 8641 section 3.1). Running tells its changes at each commit. Other datastores have nobody who
 * would tell, so they are looked at every second, or every dampening period if that is longer: what changes back and forth in
 * between is not seen. Trees are immutable, so all that is kept is the tree of the last update; a session without room only makes
 * changes add up.
 */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
final class OnChangePush extends PushSubscription {
  private static final Duration POLL = Duration.ofSeconds(1);
  private static final int CENTISECOND_MILLIS = 10;

  private final boolean sync;
  private final Set<String> excludedChanges;
  private Duration dampening;
  private Instant last = Instant.MIN;
  private ContainerNode told;
  private ContainerNode latest;
  private boolean resync;
  private long patches;
  private Future<?> timer;
  private Future<?> poll;
  private boolean polling;

  OnChangePush(Notifications notifications, Session session, long id, Selection selection, PushSource source,
      SubscriptionTerms terms) throws org.southbound.netconf.NetconfException {
    super(notifications, session, id, selection, source, terms.stop());
    this.dampening = dampening(terms);
    this.sync = terms.trigger("on-change").flag("sync-on-start");
    this.excludedChanges = new HashSet<>(terms.trigger("on-change").texts("excluded-change"));
    this.resync = sync;
    if (isRunning()) {
      this.told = source.tree(selection.datastore(), selection.filter(), session);
      this.latest = told;
    }
  }

  private static Duration dampening(SubscriptionTerms terms) {
    return Duration.ofMillis(terms.trigger("on-change").number("dampening-period", 0) * CENTISECOND_MILLIS);
  }

  private boolean isRunning() { return Set.of("running", "intended").contains(selection.datastore().getLocalName()); }

  /** Changes the filter and the dampening period. */
  void change(Filter filter, SubscriptionTerms terms) {
    selection = new Selection(selection.datastore(), filter);
    dampening = dampening(terms);
    pump();
  }

  boolean mayResync() {
    return sync;
  }

  /** Sends everything again. */
  void resync() {
    resync = true;
    pump();
  }

  @Override
  boolean isSuspended() { return false; }

  @Override
  void begun() {
    if (isRunning()) {
      pump();
    } else {
      look();
    }
  }

  /** Running has changed. */
  void committed(ContainerNode before, ContainerNode after) {
    if (isRunning()) {
      latest = after;
      pump();
    }
  }

  /** Looks what is in a datastore that does not tell. */
  private void look() {
    if (polling || !isActive()) {
      return;
    }
    polling = true;
    Selection of = selection;
    Thread.ofVirtual().name("push-poll").start(() -> {
      ContainerNode tree = source.tree(of.datastore(), of.filter(), session);
      notifications.post(() -> {
        polling = false;
        if (isActive()) {
          told = told == null ? tree : told;
          latest = tree;
          poll = notifications.later(dampening.compareTo(POLL) > 0 ? dampening : POLL, this::look);
          pump();
        }
      });
    });
  }

  @Override
  void pump() {
    if (!isActive() || isWorking()) {
      return;
    }
    if (isStopDue()) {
      end();
      return;
    }
    if (latest == null || (latest == told && !resync) || !session.room()) {
      return;
    }
    Instant now = notifications.clock.instant();
    if (!resync && last != Instant.MIN && now.isBefore(last.plus(dampening))) {
      if (timer == null) {
        timer = notifications.later(Duration.between(now, last.plus(dampening)), () -> {
          timer = null;
          pump();
        });
      }
      return;
    }
    ContainerNode from = told;
    ContainerNode to = latest;
    Selection of = selection;
    told = to;
    if (resync) {
      resync = false;
      last = now;
      work("push-update", () -> update(to, of));
    } else {
      work("push-change-update", () -> {
        byte[] made = new YangPatch(this, of, excludedChanges).between(from, to, Long.toString(patches));
        if (made != null) {
          notifications.post(() -> {
            last = now;
            patches++;
          });
        }
        return made;
      });
    }
  }

  @Override
  void gone() {
    for (Future<?> each : new Future<?>[]{timer, poll}) {
      if (each != null) {
        each.cancel(false);
      }
    }
    told = null;
    latest = null;
  }
}
