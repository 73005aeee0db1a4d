// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.session;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sessions that are open. Thread-safe. */
public final class Sessions {
  private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);

  private final Map<Long, Session> open = new ConcurrentSkipListMap<>();
  private final List<Consumer<Session>> opened = new CopyOnWriteArrayList<>();
  private final List<Consumer<Session>> closed = new CopyOnWriteArrayList<>();
  private final AtomicLong ids = new AtomicLong();
  private final Map<String, Integer> perUser = new HashMap<>();
  private volatile Limits limits;
  private volatile SessionTimes times = SessionTimes.ENDLESS;
  final LongAdder started = new LongAdder();
  final LongAdder badHellos = new LongAdder();
  final LongAdder dropped = new LongAdder();
  /** Sums over all sessions ever, RFC 6022. */
  public final LongAdder inRpcs = new LongAdder();
  public final LongAdder inBadRpcs = new LongAdder();
  public final LongAdder outRpcErrors = new LongAdder();
  public final LongAdder outNotifications = new LongAdder();

  public Sessions(Limits limits) {
    this.limits = limits;
  }

  public Limits limits() {
    return limits;
  }

  /** From now on; what is open stays open. */
  public void limits(Limits changed) {
    limits = changed;
  }

  long nextId() {
    return ids.incrementAndGet();
  }

  boolean add(Session session) {
    synchronized (open) {
      String user = session.user().name();
      if (open.size() >= limits.sessions() || perUser.getOrDefault(user, 0) >= limits.sessionsPerUser()) {
        return false;
      }
      open.put(session.id(), session);
      perUser.merge(user, 1, Integer::sum);
    }
    started.increment();
    return true;
  }

  void greeted(Session session) {
    opened.forEach(each -> each.accept(session));
  }

  void remove(Session session) {
    boolean present;
    synchronized (open) {
      present = open.remove(session.id()) != null;
      if (present) {
        perUser.computeIfPresent(session.user().name(), (user, count) -> count == 1 ? null : count - 1);
      }
    }
    if (present) {
      if (!session.endedInOrder()) {
        dropped.increment();
      }
      // Listeners release locks, which may wait for a commit; the network's threads must not.
      Thread.ofVirtual().name("session-end").start(() -> closed.forEach(each -> tell(each, session)));
    }
  }

  private static void tell(Consumer<Session> listener, Session session) {
    try {
      listener.accept(session);
    } catch (RuntimeException bug) { // what another has to clear away must not stay
      LOG.error("the end of session {} was not handled whole", session.id(), bug);
    }
  }

  /**
   * Closes sessions that did not say hello in time, or were silent for longer than their endpoint allows.
   *
   * @param now of {@link System#nanoTime}
   * @param exempt sessions that may be silent: they listen to notifications
   */
  public void sweep(long now, Predicate<Session> exempt) {
    for (Session each : open.values()) {
      each.closeIfIdle(now, limits.grace().toNanos(), exempt);
    }
  }

  /** Calls when a session has said hello. */
  public void onOpen(Consumer<Session> listener) {
    opened.add(listener);
  }

  /** Calls, on a thread of its own, when a session has ended, however it ended. */
  public void onClose(Consumer<Session> listener) {
    closed.add(listener);
  }

  /** Sets when sessions are closed; for those that are open, too. */
  public void times(SessionTimes changed) {
    times = changed;
  }

  public SessionTimes times() {
    return times;
  }

  /** The session of that number, or null. */
  public Session get(long id) {
    return open.get(id);
  }

  /** True if the session of that number is there and goes on. */
  public boolean isOpen(long id) {
    Session session = open.get(id);
    return session != null && !session.isClosed();
  }

  public Collection<Session> all() {
    return open.values();
  }

  /** Sessions ever started. */
  public long started() {
    return started.sum();
  }

  /** Sessions that ended for a bad hello. */
  public long badHellos() {
    return badHellos.sum();
  }

  /** Sessions that ended without close-session or kill-session. */
  public long dropped() {
    return dropped.sum();
  }
}
