// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.ConfigSubscriber;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.datastore.Tree;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.xml.Filter;

/**
 * Dynamic subscriptions (RFC 8639, RFC 8640), to the stream and, where ietf-yang-push is among the modules, to datastores (RFC
 * 8641). A session may have several; they end with it. Thread-safe; calls may wait.
 */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
public final class Subscriptions {
  private static final Logger LOG = LoggerFactory.getLogger(Subscriptions.class);
  private static final int MOST = 64;
  private static final int CENTISECOND_MILLIS = 10;
  /** Shortest period, in centiseconds. */
  private static final long SHORTEST = 10;

  private final Notifications notifications;
  private final Datastores datastores;
  private final PushSource source;
  private final YangNode top;
  private final YangNode filters;
  private final AtomicLong ids = new AtomicLong();

  /**
   * What establish-subscription answers.
   *
   * @param replayStart from when replay really begins, if later than asked for; or null
   */
  public record Established(long id, Instant replayStart) {
  }

  /** For a model with ietf-subscribed-notifications. */
  public Subscriptions(Schema schema, Notifications notifications, Datastores datastores, PushSource source) {
    this.notifications = notifications;
    this.datastores = datastores;
    this.source = source;
    this.top = schema.node("/ietf-subscribed-notifications:subscriptions");
    this.filters = schema.node("/ietf-subscribed-notifications:filters");
    datastores.addSubscriber(new NoneConfigured());
    datastores.listen((writer, before, after) -> {
      if (YangNode.find(before, filters) != YangNode.find(after, filters)) {
        notifications.post(() -> notifications.all().forEach(each -> filtersChanged(each, after)));
      }
      notifications.post(() -> notifications.all().forEach(each -> {
        if (each instanceof OnChangePush push) {
          push.committed(before, after);
        }
      }));
    });
  }

  /** The feature {@code configured} is not there, and the model says so only in words. */
  private final class NoneConfigured implements ConfigSubscriber {
    @Override
    public List<YangNode> parts() {
      return List.of(top);
    }

    @Override
    public void prepare(ContainerNode before, ContainerNode after) throws NetconfException {
      if (YangNode.find(after, top) != null) {
        throw NetconfException.of(ErrorTag.OPERATION_NOT_SUPPORTED,
            "Subscriptions cannot be configured here; use establish-subscription.").at(DataPath.of(null, top));
      }
    }

    @Override
    public void apply() {
      // nothing was prepared
    }

    @Override
    public void rollback() {
      // nothing was prepared
    }
  }

  // ---- the RPCs

  /** establish-subscription. */
  public Established establish(Session session, Tree input) throws NetconfException {
    var terms = new SubscriptionTerms(input);
    String structure = terms.datastore() == null
        ? "establish-subscription-stream-error-info"
        : "establish-subscription-datastore-error-info";
    if (input.has("encoding") && !"encode-xml".equals(input.text("encoding"))) {
      throw Refusal.ENCODING_UNSUPPORTED.of("Notifications over NETCONF are XML.", structure, null, null);
    }
    Instant now = notifications.clock.instant();
    Instant start = terms.start();
    Instant stop = terms.stop();
    if (terms.datastore() == null && !Streams.has(terms.stream())) {
      throw invalid("stream", "There is no such stream.");
    }
    if (start != null && !start.isBefore(now)) {
      throw invalid("replay-start-time", "replay-start-time is not in the past.");
    }
    if (stop != null && !stop.isAfter(start == null ? now : start)) {
      throw invalid("stop-time", "stop-time is not later than " + (start == null ? "now." : "replay-start-time."));
    }
    Filter filter = filter(terms, datastores.running(), structure);
    return notifications.ask(() -> {
      List<Subscription> present = notifications.of(session);
      if (!present.isEmpty() && present.getFirst().id() == 0) {
        throw NetconfException.of(ErrorTag.OPERATION_NOT_SUPPORTED, // RFC 8640 section 3
            "The session has a subscription by create-subscription; open another session.");
      }
      if (present.size() >= MOST) {
        throw Refusal.INSUFFICIENT_RESOURCES.of("A session may have " + MOST + " subscriptions.", structure, null,
            null);
      }
      Subscription made = make(session, terms, filter, structure);
      made.terms = terms;
      made.namedFilter = terms.filterName() == null ? null : terms.namedFilter(datastores.running()).data();
      notifications.add(made);
      Instant earliest = notifications.logAged() == null ? notifications.logCreated() : notifications.logAged();
      return new Established(made.id(), start != null && start.isBefore(earliest) ? earliest : null);
    });
  }

  private Subscription make(Session session, SubscriptionTerms terms, Filter filter, String structure)
      throws NetconfException {
    if (terms.datastore() == null) {
      return new StreamSubscription(notifications, session, nextId(), filter, terms.start(), terms.stop());
    }
    if (!source.has(terms.datastore())) {
      throw Refusal.DATASTORE_NOT_SUBSCRIBABLE.of(
          "There is no datastore " + terms.datastore().getLocalName() + " here.",
          structure, null, null);
    }
    Tree onChange = terms.trigger("on-change");
    if (onChange != null) {
      return new OnChangePush(notifications, session, nextId(),
          new PushSubscription.Selection(terms.datastore(), filter),
          source, terms);
    }
    if (terms.trigger("periodic") == null) {
      throw NetconfException.of(ErrorTag.MISSING_ELEMENT, "Either periodic or on-change is needed.")
          .info("bad-element", "periodic");
    }
    return new PeriodicPush(notifications, session, nextId(), new PushSubscription.Selection(terms.datastore(), filter),
        source, period(terms, structure), SubscriptionTerms.time(terms.trigger("periodic"), "anchor-time"),
        terms.stop());
  }

  private static Duration period(SubscriptionTerms terms, String structure) throws NetconfException {
    long centiseconds = terms.trigger("periodic").number("period", 0);
    if (centiseconds < SHORTEST) {
      throw Refusal.PERIOD_UNSUPPORTED.of("The period is too short.", structure, "period-hint", SHORTEST);
    }
    return Duration.ofMillis(centiseconds * CENTISECOND_MILLIS);
  }

  private long nextId() {
    return ids.updateAndGet(last -> last % 0xffff_ffffL + 1);
  }

  /** modify-subscription. */
  public void modify(Session session, Tree input) throws NetconfException {
    Instant stop = SubscriptionTerms.time(input, "stop-time");
    notifications.ask(() -> {
      boolean push = input.node().child(null, "datastore") != null && input.has("datastore");
      String structure = push
          ? "modify-subscription-datastore-error-info"
          : "modify-subscription-stream-error-info";
      Subscription found = own(session, input.number("id", 0), Refusal.NO_SUCH_SUBSCRIPTION, structure);
      if (stop != null && !stop.isAfter(notifications.clock.instant())) {
        throw invalid("stop-time", "stop-time is not in the future.");
      }
      if (push != (found instanceof PushSubscription)) {
        throw invalid(push ? "datastore" : "stream", "What a subscription is made to cannot be changed.");
      }
      SubscriptionTerms terms = found.terms.with(input);
      if (push && !terms.datastore().equals(found.terms.datastore())) {
        throw invalid("datastore", "The datastore of a subscription cannot be changed.");
      }
      Filter filter = filter(terms, datastores.running(), structure);
      Duration period = found instanceof PeriodicPush ? period(terms, structure) : null;
      if (found instanceof PeriodicPush != (terms.trigger("periodic") != null) && push) {
        throw invalid("on-change", "The trigger of a subscription cannot be changed.");
      }
      Instant until = terms.stop();
      session.afterReply(() -> notifications.post(() -> {
        if (found.isActive()) {
          found.stopAt(until);
          apply(found, terms, filter, period);
        }
      }));
      return null;
    });
  }

  /** delete-subscription: a subscription of the same session. */
  public void delete(Session session, long id) throws NetconfException {
    notifications.ask(() -> {
      own(session, id, Refusal.NO_SUCH_SUBSCRIPTION, "delete-subscription-error-info").end();
      return null;
    });
  }

  /** kill-subscription: anybody's. */
  public void kill(long id) throws NetconfException {
    notifications.ask(() -> {
      for (Subscription each : notifications.all()) {
        if (each.id() == id) {
          each.terminate("no-such-subscription");
          return null;
        }
      }
      throw Refusal.NO_SUCH_SUBSCRIPTION.of("There is no subscription " + id + ".", "delete-subscription-error-info",
          null, null);
    });
  }

  /** resync-subscription (RFC 8641 section 4.4.3): everything selected is sent again. */
  public void resync(Session session, long id) throws NetconfException {
    notifications.ask(() -> {
      Subscription found = own(session, id, Refusal.NO_SUCH_SUBSCRIPTION_RESYNC, "resync-subscription-error");
      if (!(found instanceof OnChangePush push) || !push.mayResync()) {
        throw Refusal.ON_CHANGE_SYNC_UNSUPPORTED.of(
            "Only an on-change subscription with sync-on-start can be resynced.",
            "resync-subscription-error", null, null);
      }
      session.afterReply(() -> notifications.post(push::resync));
      return null;
    });
  }

  private Subscription own(Session session, long id, Refusal refusal, String structure) throws NetconfException {
    for (Subscription each : notifications.of(session)) {
      if (each.id() == id && id != 0) {
        return each;
      }
    }
    throw refusal.of("The session has no subscription " + id + ".", structure, null, null);
  }

  private static NetconfException invalid(String element, String message) {
    return NetconfException.of(ErrorTag.INVALID_VALUE, message).info("bad-element", element);
  }

  // ---- filters

  private static Filter filter(SubscriptionTerms terms, ContainerNode running, String structure)
      throws NetconfException {
    try {
      return terms.filter(running);
    } catch (NetconfException e) {
      throw Refusal.FILTER_UNSUPPORTED.of(e.getMessage(), structure, "filter-failure-hint", e.getMessage());
    }
  }

  /** A filter that subscriptions refer to by name may have changed or gone (RFC 8639 section 2.7.2). */
  private void filtersChanged(Subscription each, ContainerNode running) {
    if (each.terms == null || each.terms.filterName() == null) {
      return;
    }
    Tree now = each.terms.namedFilter(running);
    if (now == null) {
      each.terminate("filter-unavailable");
      return;
    }
    if (now.data() != each.namedFilter) {
      try {
        apply(each, each.terms, each.terms.filter(running), null);
      } catch (NetconfException e) {
        each.terminate("filter-unavailable");
      }
    }
  }

  private void apply(Subscription to, SubscriptionTerms terms, Filter filter, Duration period) {
    to.terms = terms;
    Tree named = terms.filterName() == null ? null : terms.namedFilter(datastores.running());
    to.namedFilter = named == null ? null : named.data();
    switch (to) {
      case StreamSubscription stream -> stream.filter(filter);
      case PeriodicPush push -> push.change(filter, period, terms);
      case OnChangePush push -> push.change(filter, terms);
    }
    YangNode node = notifications.node("ietf-subscribed-notifications", "subscription-modified");
    var out = new TreeBuilder(node).leaf("id", to.id());
    terms.show(node, out);
    to.session.event(notifications.writer.write(notifications.clock.instant(),
        new NotificationWriter.Content(null, node, out.build()), null));
  }

  // ---- state data

  /** {@code /subscriptions} as it is now; null if there is none. */
  public ContainerNode read() {
    try {
      return notifications.ask(() -> {
        var out = new TreeBuilder(top);
        YangNode entry = top.child("subscription");
        for (Subscription each : notifications.all()) {
          if (each.terms != null) {
            out.entry("subscription", list -> {
              list.leaf("id", each.id());
              each.terms.show(entry, list);
              list.container("receivers",
                  receivers -> receivers.entry("receiver",
                      one -> one.leaf("name", "session " + each.session.id()).leaf("sent-event-records", each.sent)
                          .leaf("excluded-event-records", each.excluded)
                          .leaf("state", each.isSuspended() ? "suspended" : "active")));
            });
          }
        }
        return out.build();
      });
    } catch (NetconfException e) {
      LOG.warn("subscriptions cannot be shown: {}", e.getMessage());
      return null;
    }
  }
}
