// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.session;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/** The sessions that are open. Thread-safe. */
public final class Sessions {
    private final Map<Long, Session> open = new ConcurrentSkipListMap<>();
    private final List<Consumer<Session>> opened = new CopyOnWriteArrayList<>();
    private final List<Consumer<Session>> closed = new CopyOnWriteArrayList<>();
    private final AtomicLong ids = new AtomicLong();
    private final int max;
    final LongAdder started = new LongAdder();
    final LongAdder badHellos = new LongAdder();
    final LongAdder dropped = new LongAdder();

    /** @param max most sessions at a time */
    public Sessions(int max) {
        this.max = max;
    }

    long nextId() {
        return ids.incrementAndGet();
    }

    boolean add(Session session) {
        synchronized (open) {
            if (open.size() >= max) {
                return false;
            }
            open.put(session.id(), session);
        }
        started.increment();
        return true;
    }

    void greeted(Session session) {
        opened.forEach(each -> each.accept(session));
    }

    void remove(Session session) {
        if (open.remove(session.id()) != null) {
            if (!session.orderly()) {
                dropped.increment();
            }
            // Listeners release locks, which may wait for a commit; the network's threads must not.
            Thread.ofVirtual().name("session-end").start(() -> closed.forEach(each -> each.accept(session)));
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

    /** The session of that number, or null. */
    public Session get(long id) {
        return open.get(id);
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
