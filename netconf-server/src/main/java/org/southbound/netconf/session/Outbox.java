// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.session;

import org.southbound.netconf.xml.XmlOut;

/**
 * What a session still has to send. One write is under way at a time; what comes meanwhile is sent in one piece after it, so a
 * slow peer costs memory and no thread. Senders ask for {@link #room} first: that bounds the memory. Thread-safe.
 */
final class Outbox {
    private static final int HIGH = 1 << 20;
    private static final int LOW = 1 << 18;

    private final Link link;
    private final Runnable drained;
    private XmlOut waiting;
    private int flying;
    private boolean full;
    private boolean last;
    private boolean dead;

    /** @param drained called when there is room again after there was none */
    Outbox(Link link, Runnable drained) {
        this.link = link;
        this.drained = drained;
    }

    /** Sends bytes, which the caller gives away. */
    void send(byte[] bytes, int offset, int count) {
        synchronized (this) {
            if (dead || last) {
                return;
            }
            if (flying > 0) {
                waiting = waiting == null ? new XmlOut(Math.max(1024, count)) : waiting;
                waiting.raw(bytes, offset, count);
                return;
            }
            flying = count;
        }
        link.write(bytes, offset, count, this::written);
    }

    private void written(Throwable failure) {
        XmlOut next;
        boolean close;
        boolean room = false;
        synchronized (this) {
            if (failure != null) {
                dead = true;
                waiting = null;
            }
            next = waiting;
            waiting = null;
            flying = next == null ? 0 : next.length();
            close = (next == null && last) || dead;
            if (full && flying < LOW) {
                full = false;
                room = true;
            }
        }
        if (next != null) {
            link.write(next.array(), 0, next.length(), this::written);
        } else if (close) {
            link.close(failure == null);
        }
        if (room) {
            drained.run();
        }
    }

    /** True if a message more may be sent; if not, {@code drained} will be called. */
    synchronized boolean room() {
        if (flying + (waiting == null ? 0 : waiting.length()) > HIGH) {
            full = true;
            return false;
        }
        return !dead;
    }

    /** Ends the connection once all is sent; nothing more is taken. */
    void finish() {
        boolean now;
        synchronized (this) {
            last = true;
            now = flying == 0;
        }
        if (now) {
            link.close(true);
        }
    }
}
