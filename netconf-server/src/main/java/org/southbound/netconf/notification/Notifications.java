// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.access.AccessControl;
import org.southbound.netconf.notification.NotificationWriter.Content;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.xml.Filter;

/**
 * Takes events and brings them to who subscribed. Publishing puts an event into a queue and never waits for anything; one thread,
 * the dispatcher, takes it from there, writes it down once, and lets each subscription take it while its session has room. The
 * dispatcher owns the subscriptions: nobody else calls their methods. Another thread stores what happened, for replay.
 * Thread-safe.
 */
public final class Notifications implements AutoCloseable {
  public static final String NAMESPACE = "urn:ietf:params:xml:ns:netconf:notification:1.0";
  static final String COMPLETE = "urn:ietf:params:xml:ns:netmod:notification";
  private static final Logger LOG = LoggerFactory.getLogger(Notifications.class);
  /** Events that wait for the dispatcher; more are lost, and that is said. */
  private static final int GATHER_MILLIS = 1;
  private static final int MAX_WAITING = 1 << 16;

  final AccessControl access;
  final InstantSource clock;
  final EventLog log;
  final ReplayLog replayLog;
  final NotificationWriter writer;
  private final Schema schema;
  private final ScheduledExecutorService timer;
  private final LinkedBlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicLong lost = new AtomicLong();
  private final Map<Session, List<Subscription>> subscriptions = new ConcurrentHashMap<>();
  private final Thread dispatcher;
  private volatile boolean closed;

  /**
   * @param timer ends subscriptions that have a stop time
   * @param folder keeps past events
   */
  public Notifications(Schema schema, AccessControl access, InstantSource clock, ScheduledExecutorService timer,
      int maxEvents, long maxBytes, Path folder) throws IOException {
    this.schema = schema;
    this.access = access;
    this.clock = clock;
    this.timer = timer;
    this.writer = new NotificationWriter(schema);
    this.replayLog = new ReplayLog(folder, ReplayLog.Bounds.DEFAULT, clock);
    this.log = new EventLog(maxEvents, maxBytes, replayLog.next());
    replayLog.follow(log);
    this.dispatcher = Thread.ofPlatform().daemon().name("notifications").start(this::dispatch);
  }

  // ---- publishing

  /** Publishes a notification, now. */
  public void publish(ContainerNode notification) {
    Content content = content(notification); // a bug shows where it is
    enqueue(() -> content);
  }

  /**
   * Publishes a notification of a node in the data tree, now (RFC 7950 section 7.16).
   *
   * @param holder the instance that it belongs to, which is there
   */
  public void publish(DataPath holder, ContainerNode notification) {
    YangNode node = holder.node().notification(notification.name().getNodeType().getLocalName());
    if (node == null) {
      throw new IllegalArgumentException("no notification " + notification.name() + " in " + holder.node());
    }
    enqueue(() -> new Content(holder, node, notification));
  }

  /** Publishes a notification that happened now and is made later, on another thread; null: nothing happened after all. */
  public void publish(Supplier<ContainerNode> notification) {
    enqueue(() -> {
      ContainerNode data = notification.get();
      return data == null ? null : content(data);
    });
  }

  private void enqueue(Supplier<Content> event) {
    Instant now = clock.instant();
    if (waiting.incrementAndGet() > MAX_WAITING) {
      waiting.decrementAndGet();
      lost.incrementAndGet();
      return;
    }
    inbox.add(() -> {
      waiting.decrementAndGet();
      Content content = event.get();
      if (content != null) {
        log.add(now, content, writer.write(now, content, null));
      }
    });
  }

  /** May the user of the session have it? */
  boolean receives(Session session, Content content) {
    return content.holder() == null ? access.receives(session.user(), content.node())
        : access.receives(session.user(), content.holder(), content.node());
  }

  /**
   * Sends a notification to one session only, subscribed or not, and keeps none of it. A session that does not read is closed.
   */
  public void publishTo(Session session, ContainerNode notification) {
    Content content = content(notification);
    if (session.isClosed() || !receives(session, content)) {
      return;
    }
    if (!session.room()) {
      LOG.warn("session {} of {} reads its notifications too slowly and is closed", session.id(),
          session.user().name());
      session.close();
      return;
    }
    session.event(writer.write(clock.instant(), content, access.reads(session.user())));
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

  private Content content(ContainerNode notification) {
    YangNode node = schema.notification(notification.name().getNodeType());
    if (node == null) {
      throw new IllegalArgumentException("no notification " + notification.name());
    }
    return new Content(null, node, notification);
  }

  // ---- the dispatcher

  /** Runs something on the dispatcher's thread, after all that was posted and published before. */
  void post(Runnable command) {
    inbox.add(command);
  }

  /** Something the dispatcher is asked for. */
  interface Question<T> {
    T answer() throws NetconfException;
  }

  /** Asks the dispatcher and waits for the answer. Never to be called from its own thread. */
  <T> T ask(Question<T> question) throws NetconfException {
    var answer = new CompletableFuture<T>();
    post(() -> {
      if (answer.isDone()) {
        return; // nobody waits for it any more
      }
      try {
        answer.complete(question.answer());
      } catch (NetconfException | RuntimeException e) {
        answer.completeExceptionally(e);
      }
    });
    try {
      return answer.get(30, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof NetconfException refusal) {
        throw refusal;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw NetconfException.of(ErrorTag.OPERATION_FAILED, "The server is being stopped.");
    } catch (java.util.concurrent.TimeoutException e) {
      answer.cancel(false);
      throw NetconfException.of(ErrorTag.RESOURCE_DENIED, "The server is too busy with notifications. Try again.");
    }
  }

  /** Posts something for later. */
  Future<?> later(Duration delay, Runnable command) {
    return timer.schedule(() -> post(command), Math.max(0, delay.toMillis()), TimeUnit.MILLISECONDS);
  }

  private void dispatch() {
    try {
      while (!closed || !inbox.isEmpty()) {
        Runnable command = inbox.take();
        long before = log.next();
        while (command != null) {
          run(command);
          command = log.isQuarterSince(before) ? null : inbox.poll();
        }
        if (log.next() > before) {
          replayLog.wake();
          subscriptions.values().forEach(each -> each.forEach(Subscription::pump));
          replayLog.await(log.first() + (log.next() - log.first()) / 2);
          Thread.sleep(GATHER_MILLIS); // more may be close behind, and it is waking that costs
        }
        long gone = lost.getAndSet(0);
        if (gone > 0) {
          LOG.warn("too many events at once: {} were not notified", gone);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void run(Runnable command) {
    try {
      command.run();
    } catch (RuntimeException e) {
      LOG.error("a notification or a subscription failed by a bug", e);
    }
  }

  // ---- subscriptions

  /** Subscribes a session by create-subscription; one such subscription each. The reply is to follow. */
  public void subscribe(Session session, Filter filter, Instant start, Instant stop) throws NetconfException {
    ask(() -> {
      for (Subscription each : of(session)) {
        throw each.id() == 0
            ? NetconfException.of(ErrorTag.OPERATION_FAILED, "The session has a subscription already.").type("protocol")
            : NetconfException.of(ErrorTag.OPERATION_NOT_SUPPORTED, // RFC 8640 section 3
                "The session has subscriptions by establish-subscription; open another session.");
      }
      return add(new StreamSubscription(this, session, 0, filter, start, stop));
    });
  }

  /** Adds a subscription, which begins once the reply is sent. On the dispatcher's thread. */
  <S extends Subscription> S add(S made) {
    Session session = made.session;
    subscriptions.computeIfAbsent(session, k -> new CopyOnWriteArrayList<>()).add(made);
    session.whenDrained(() -> post(() -> of(session).forEach(Subscription::pump)));
    session.afterReply(() -> post(made::begin));
    if (session.isClosed()) {
      forget(session);
    }
    return made;
  }

  /** The session's subscriptions. On the dispatcher's thread. */
  List<Subscription> of(Session session) {
    return subscriptions.getOrDefault(session, List.of());
  }

  /** Every subscription. On the dispatcher's thread. */
  List<Subscription> all() {
    return subscriptions.values().stream().flatMap(List::stream).toList();
  }

  /** Removes a subscription that has ended. On the dispatcher's thread. */
  void remove(Subscription ended) {
    subscriptions.computeIfPresent(ended.session, (session, list) -> {
      list.remove(ended);
      return list.isEmpty() ? null : list;
    });
  }

  private void forget(Session session) {
    List<Subscription> gone = subscriptions.remove(session);
    if (gone != null) {
      gone.forEach(Subscription::ended);
    }
  }

  /** The session is gone. */
  public void ended(Session session) {
    post(() -> forget(session));
  }

  /** When the replay log began. */
  public Instant logCreated() {
    return replayLog.created();
  }

  /** When the newest event that is no longer kept happened, or null. */
  public Instant logAged() {
    return replayLog.aged();
  }

  /** Stores what was published so far. */
  @Override
  public void close() {
    closed = true;
    post(() -> {
    });
    try {
      dispatcher.join(1000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    replayLog.close();
  }
}
