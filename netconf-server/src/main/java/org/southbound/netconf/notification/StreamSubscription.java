// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.xml.DataWriter;
import org.southbound.netconf.xml.Filter;
import org.southbound.netconf.xml.XmlOut;

/**
 * A subscription to the stream (RFC 5277, RFC 8639 section 2.4). It has a cursor into the log of the last events; a replay reads
 * the stored ones first. A subscriber that takes nothing while the whole log is overwritten is too slow: create-subscription
 * knows no way to say so and its session is closed; any other subscription is suspended, and resumed when there is room again.
 */
final class StreamSubscription extends Subscription {
  private static final Logger LOG = LoggerFactory.getLogger(StreamSubscription.class);
  private static final int LOAD = 256 * 1024;

  private Filter filter;
  private final Instant start;
  private final long replayEnd;
  private boolean replaying;
  private long cursor;
  private ReplayLog.Reader stored;
  private final ArrayDeque<Event> loaded = new ArrayDeque<>();
  private boolean loading;
  private boolean suspended;
  private long stuckAt = -1;

  /** @param start replay from there; null: no replay */
  StreamSubscription(Notifications notifications, Session session, long id, Filter filter, Instant start,
      Instant stop) {
    super(notifications, session, id, stop);
    this.filter = filter;
    this.start = start;
    this.replayEnd = notifications.log.next();
    this.replaying = start != null;
    this.cursor = replayEnd;
    if (replaying) {
      this.cursor = notifications.log.first();
      if (!isInLog()) {
        this.stored = notifications.replayLog.since(start);
        this.cursor = -1;
      }
    }
  }

  /** The log itself goes back far enough. */
  private boolean isInLog() {
    try {
      Event oldest = notifications.log.get(cursor);
      return oldest != null && oldest.time.isBefore(start);
    } catch (EventLog.Overwritten e) {
      return false;
    }
  }

  /** Changes the filter from now on; null: everything. */
  void filter(Filter changed) {
    filter = changed;
  }

  @Override
  boolean isSuspended() { return suspended; }

  @Override
  void begun() {
    pump();
  }

  @Override
  void gone() {
    stored = null;
    loaded.clear();
  }

  @Override
  void pump() {
    while (isActive() && !loading) {
      if (!session.room()) {
        stuck();
        return;
      }
      stuckAt = -1;
      if (suspended) {
        resume();
      }
      Event event = next();
      if (loading) {
        return;
      }
      boolean due = event == null ? isStopDue() : stop() != null && event.time.isAfter(stop());
      if (replaying && (event == null || event.number >= replayEnd || due)) {
        replaying = false;
        sayReplayComplete();
      }
      if (due) {
        finish();
        return;
      }
      if (event == null) {
        return;
      }
      loaded.poll();
      cursor = event.number + 1;
      deliver(event);
    }
  }

  /** The next event without taking it; null if there is none, or if {@link #loading} has begun. */
  private Event next() {
    if (!loaded.isEmpty()) {
      return loaded.peek();
    }
    if (stored != null) {
      if (cursor < notifications.log.first()) {
        load();
        return null;
      }
      stored = null; // it has caught up
    }
    try {
      Event event = notifications.log.get(cursor);
      while (event != null && replaying && event.time.isBefore(start)) {
        event = notifications.log.get(++cursor);
      }
      return event;
    } catch (EventLog.Overwritten e) { // never stored, or while it read what is stored
      cursor = notifications.log.first();
      return next();
    }
  }

  /** Reads stored events on a thread that may wait. */
  private void load() {
    loading = true;
    ReplayLog.Reader reader = stored;
    Thread.ofVirtual().name("replay").start(() -> {
      var events = new ArrayList<Event>();
      boolean last = true;
      try {
        for (ReplayLog.Stored each : reader.read(LOAD)) {
          last = false;
          NotificationWriter.Content content = notifications.writer.read(each.xml);
          if (content != null) {
            events.add(new Event(each.number, each.time, content, each.xml));
          }
        }
      } catch (IOException | RuntimeException e) {
        LOG.warn("past events cannot be read: {}", e.toString());
      }
      boolean done = last;
      notifications.post(() -> {
        loading = false;
        loaded.addAll(events);
        if (done) {
          stored = null;
        }
        pump();
      });
    });
  }

  private void deliver(Event event) {
    DataWriter.Visibility view = notifications.access.reads(session.user());
    if (!notifications.receives(session, event.content) || !passes(event, view)) {
      excluded++;
      return;
    }
    session.event(event.xml(view, notifications.writer));
    sent++;
  }

  private boolean passes(Event event, DataWriter.Visibility view) {
    return filter == null
        || filter.passes(new DataWriter(notifications.writer.schema, new XmlOut(256), view), event.content.holder(),
            event.content.node(), event.content.data());
  }

  private void sayReplayComplete() {
    session.event(id() == 0
        ? notifications.writer.empty(notifications.clock.instant(), Notifications.COMPLETE, "replayComplete")
        : StateNotification.of(notifications.clock.instant(), "replay-completed", id()));
  }

  private void finish() {
    end();
    if (id() == 0) {
      session.event(
          notifications.writer.empty(notifications.clock.instant(), Notifications.COMPLETE, "notificationComplete"));
    }
  }

  /** There is no room. */
  private void stuck() {
    if (suspended) {
      return;
    }
    if (stuckAt < 0) {
      stuckAt = notifications.log.next();
    } else if (notifications.log.first() > stuckAt) {
      tooSlow();
    }
  }

  private void tooSlow() {
    LOG.warn("session {} of {} reads its notifications too slowly{}", session.id(), session.user().name(),
        id() == 0 ? " and is closed" : "; its subscription " + id() + " is suspended");
    if (id() == 0) {
      end();
      session.close();
      return;
    }
    suspended = true;
    stored = null;
    replaying = false;
    loaded.clear();
    saySuspended();
  }

  private void resume() {
    suspended = false;
    cursor = notifications.log.next();
    sayResumed();
  }
}
