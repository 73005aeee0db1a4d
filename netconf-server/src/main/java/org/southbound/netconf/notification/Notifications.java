// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.access.AccessControl;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.xml.DataWriter;
import org.southbound.netconf.xml.Filter;
import org.southbound.netconf.xml.XmlOut;

/**
 * The event stream NETCONF (RFC 5277) with replay. Publishing never waits: it appends to the log, and each subscriber takes from
 * the log while its session has room. Thread-safe.
 */
public final class Notifications {
  public static final String NAMESPACE = "urn:ietf:params:xml:ns:netconf:notification:1.0";
  private static final String COMPLETE = "urn:ietf:params:xml:ns:netmod:notification";
  private static final Logger LOG = LoggerFactory.getLogger(Notifications.class);

  private final Schema schema;
  private final AccessControl access;
  private final InstantSource clock;
  private final ScheduledExecutorService timer;
  private final EventLog log;
  private final Map<Session, Subscription> subscriptions = new ConcurrentHashMap<>();

  /** One session's subscription. Guarded by itself. */
  private final class Subscription {
    final Session session;
    final Filter filter;
    final Instant stop;
    final long replayEnd;
    boolean replaying;
    long cursor;
    boolean begun;
    boolean over;
    Future<?> timeout;

    Subscription(Session session, Filter filter, Instant start, Instant stop) {
      this.session = session;
      this.filter = filter;
      this.stop = stop;
      this.replayEnd = log.next();
      this.replaying = start != null;
      this.cursor = start == null ? replayEnd : log.since(start);
    }

    /** Sends what there is and what there is room for. */
    synchronized void pump() {
      try {
        while (begun && !over) {
          EventLog.Event event = log.get(cursor); // throws for one that fell behind, room or not
          if (!session.room()) {
            return;
          }
          if (replaying && (event == null || cursor >= replayEnd)) {
            replaying = false;
            session.event(marker("replayComplete"));
            continue;
          }
          if (event == null) {
            stopIfDue();
            return;
          }
          if (stop != null && event.time.isAfter(stop)) {
            end();
            return;
          }
          cursor++;
          deliver(event);
        }
      } catch (EventLog.Overwritten e) {
        LOG.warn("session {} of {} reads its notifications too slowly and is closed", session.id(),
            session.user().name());
        over = true;
        subscriptions.remove(session, this);
        session.close();
      }
    }

    private void deliver(EventLog.Event event) {
      if (!access.receives(session.user(), event.node)) {
        return;
      }
      DataWriter.Visibility visibility = access.reads(session.user());
      if (filter != null
          && !filter.passes(new DataWriter(schema, new XmlOut(256), visibility), event.node, event.data)) {
        return;
      }
      session.event(visibility == null ? event.xml : xml(event.time, event.node, event.data, visibility));
    }

    synchronized void stopIfDue() {
      if (!over && !replaying && stop != null && !clock.instant().isBefore(stop)) {
        end();
      }
    }

    private void end() {
      over = true;
      subscriptions.remove(session, this);
      session.whenDrained(null);
      session.event(marker("notificationComplete"));
    }
  }

  /** @param timer ends subscriptions that have a stop time */
  public Notifications(Schema schema, AccessControl access, InstantSource clock, ScheduledExecutorService timer,
      int maxEvents,
      long maxBytes) {
    this.schema = schema;
    this.access = access;
    this.clock = clock;
    this.timer = timer;
    this.log = new EventLog(maxEvents, maxBytes, clock.instant());
  }

  /** Publishes a notification on the stream, now. */
  public void publish(ContainerNode notification) {
    Instant now = clock.instant();
    YangNode node = node(notification);
    // In the log and out to all before the next one, so that all see one order.
    synchronized (this) {
      log.add(now, node, notification, xml(now, node, notification, null));
    }
    subscriptions.values().forEach(Subscription::pump);
  }

  /**
   * Sends a notification to one session only, subscribed or not, and keeps none of it. A session that does not read is closed.
   */
  public void publishTo(Session session, ContainerNode notification) {
    YangNode node = node(notification);
    if (session.isClosed() || !access.receives(session.user(), node)) {
      return;
    }
    if (!session.room()) {
      LOG.warn("session {} of {} reads its notifications too slowly and is closed", session.id(),
          session.user().name());
      session.close();
      return;
    }
    session.event(xml(clock.instant(), node, notification, access.reads(session.user())));
  }

  /** Whether the session has a subscription. */
  public boolean subscribed(Session session) {
    return subscriptions.containsKey(session);
  }

  /** A notification's schema node, for {@link org.southbound.netconf.datastore.TreeBuilder}; an unknown one is a bug. */
  public YangNode node(String module, String name) {
    YangNode node = schema.notification(schema.name(module, name));
    if (node == null) {
      throw new IllegalArgumentException("no notification " + module + ":" + name);
    }
    return node;
  }

  private YangNode node(ContainerNode notification) {
    YangNode node = schema.notification(notification.name().getNodeType());
    if (node == null) {
      throw new IllegalArgumentException("no notification " + notification.name());
    }
    return node;
  }

  private byte[] xml(Instant time, YangNode node, ContainerNode data, DataWriter.Visibility visibility) {
    var out = new XmlOut(512);
    open(out, time);
    new DataWriter(schema, out, visibility).instance(node, data, node.id, NAMESPACE, (DataPath) null);
    return out.raw("</notification>").toBytes();
  }

  private byte[] marker(String name) {
    var out = new XmlOut(256);
    open(out, clock.instant());
    return out.raw('<').raw(name).attribute("xmlns", COMPLETE).raw("/></notification>").toBytes();
  }

  private static void open(XmlOut out, Instant time) {
    out.raw("<notification").attribute("xmlns", NAMESPACE).raw('>').element("eventTime",
        time.truncatedTo(ChronoUnit.MICROS).toString());
  }

  /** Subscribes a session; one subscription each. What it returns is to be run once the reply is sent: then events begin. */
  public Runnable subscribe(Session session, Filter filter, Instant start, Instant stop)
      throws NetconfException {
    var made = new Subscription(session, filter, start, stop);
    if (subscriptions.putIfAbsent(session, made) != null) {
      throw NetconfException.of(ErrorTag.OPERATION_FAILED, "The session has a subscription already.").type("protocol");
    }
    session.whenDrained(made::pump);
    if (session.isClosed()) {
      subscriptions.remove(session, made);
    }
    return () -> {
      synchronized (made) {
        made.begun = true;
        made.pump();
      }
      if (stop != null) {
        long millis = Math.max(0, Duration.between(clock.instant(), stop).toMillis()) + 1;
        made.timeout = timer.schedule(made::pump, millis, TimeUnit.MILLISECONDS);
      }
    };
  }

  /** The session is gone. */
  public void ended(Session session) {
    Subscription gone = subscriptions.remove(session);
    if (gone != null && gone.timeout != null) {
      gone.timeout.cancel(false);
    }
  }

  /** When the replay log began. */
  public Instant logCreated() {
    return log.created();
  }

  /** When the newest event that is no longer kept happened, or null. */
  public Instant logAged() {
    return log.aged();
  }
}
