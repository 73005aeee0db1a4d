// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.time.Instant;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.schema.YangNode;

/**
 * The last events, numbered, bounded in number and bytes. Subscribers read from it at their own pace, each with a cursor of its
 * own: a slow one costs no memory, and once what it has not read yet is overwritten it is dropped. Thread-safe.
 */
final class EventLog {
    /** A notification as it happened; {@code xml} is the whole notification element as one who may see all gets it. */
    static final class Event {
        final Instant time;
        final YangNode node;
        final ContainerNode data;
        final byte[] xml;

        Event(Instant time, YangNode node, ContainerNode data, byte[] xml) {
            this.time = time;
            this.node = node;
            this.data = data;
            this.xml = xml;
        }
    }

    private final Event[] ring;
    private final long maxBytes;
    private final Instant created;
    private long first;
    private long next;
    private long bytes;
    private Instant aged;

    EventLog(int maxEvents, long maxBytes, Instant created) {
        this.ring = new Event[maxEvents];
        this.maxBytes = maxBytes;
        this.created = created;
    }

    synchronized void add(Instant time, YangNode node, ContainerNode data, byte[] xml) {
        while (next - first == ring.length || (next > first && bytes + xml.length > maxBytes)) {
            int oldest = (int) (first++ % ring.length);
            bytes -= ring[oldest].xml.length;
            aged = ring[oldest].time;
            ring[oldest] = null;
        }
        ring[(int) (next % ring.length)] = new Event(time, node, data, xml);
        next++;
        bytes += xml.length;
    }

    /** The event of that number; null if it is yet to come. */
    synchronized Event get(long number) throws Overwritten {
        if (number < first) {
            throw new Overwritten();
        }
        return number >= next ? null : ring[(int) (number % ring.length)];
    }

    /** The number that the next event will have. */
    synchronized long next() {
        return next;
    }

    /** The first event kept that is not older than {@code time}. */
    synchronized long since(Instant time) {
        long at = first;
        while (at < next && ring[(int) (at % ring.length)].time.isBefore(time)) {
            at++;
        }
        return at;
    }

    Instant created() {
        return created;
    }

    /** When the last event that is no longer kept happened, or null. */
    synchronized Instant aged() {
        return aged;
    }

    /** A reader was too slow. */
    static final class Overwritten extends Exception {
        private static final long serialVersionUID = 1L;

        Overwritten() {
            super("the event is no longer kept", null, false, false);
        }
    }
}
