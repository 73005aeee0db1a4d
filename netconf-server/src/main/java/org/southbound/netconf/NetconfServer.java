// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.southbound.netconf.access.Nacm;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.datastore.FileStore;
import org.southbound.netconf.notification.BaseNotifications;
import org.southbound.netconf.datastore.Startup;
import org.southbound.netconf.notification.Notifications;
import org.southbound.netconf.notification.Streams;
import org.southbound.netconf.notification.Subscriptions;
import org.southbound.netconf.operation.Context;
import org.southbound.netconf.operation.Monitoring;
import org.southbound.netconf.operation.Operational;
import org.southbound.netconf.operation.Operations;
import org.southbound.netconf.operation.PushedData;
import org.southbound.netconf.operation.Rpcs;
import org.southbound.netconf.operation.SubscriptionRpcs;
import org.southbound.netconf.operation.Urls;
import org.southbound.netconf.operation.YangLibrary;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.session.Link;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.session.Sessions;
import org.southbound.netconf.transport.SshKeys;
import org.southbound.netconf.transport.Terms;
import org.southbound.netconf.transport.Transports;

/**
 * A NETCONF server for any model. Made with what is stored; then RPC handlers, state sources and configuration subscribers are
 * added; then started.
 */
public final class NetconfServer implements AutoCloseable {
  /** Features of ietf-netconf that are not there, for {@link Schema#load}. */
  public static final Set<String> ABSENT_FEATURES = Set.of("ietf-subscribed-notifications:configured",
      "ietf-subscribed-notifications:dscp", "ietf-subscribed-notifications:encode-json",
      "ietf-subscribed-notifications:interface-designation", "ietf-subscribed-notifications:qos",
      "ietf-subscribed-notifications:supports-vrf");

  /** How exact the times are after which sessions are closed. */
  private static final int SWEEP_SECONDS = 1;

  private final NetconfConfig config;
  private final FileStore store;
  private final boolean first;
  private final Datastores datastores;
  private final Notifications notifications;
  private final Sessions sessions;
  private final Operational operational;
  private final Urls urls;
  private final Rpcs rpcs = new Rpcs();
  private final Operations operations;
  private final ScheduledExecutorService timer;
  private final Transports transports;
  private ScheduledFuture<?> sweep;

  /** Reads what is stored. Throws with one line that says what to do. */
  public NetconfServer(NetconfConfig config) throws IOException {
    this.config = config;
    Schema schema = config.schema();
    Path file = config.home().resolve("running.xml");
    Path startupFile = config.home().resolve("startup.xml");
    boolean startup = Files.exists(startupFile);
    this.first = !startup && !Files.exists(file);
    var running = startup
        ? FileStore.load(startupFile, schema, config.clock(), "the running configuration of last time")
        : FileStore.load(file, schema, config.clock(), "the flags");
    this.store = new FileStore(file, schema, config.durability());
    var access = new Nacm(schema);
    if (startup) {
      store.save(running); // so that it stays if startup is deleted
    }
    var single = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("netconf-timer").factory());
    single.setRemoveOnCancelPolicy(true);
    this.timer = single;
    this.sessions = new Sessions(config.limits().access());
    this.datastores = new Datastores(schema, access, store,
        new Startup(startupFile, schema, startup ? running : null),
        config.clock(), timer, sessions::isOpen, running);
    this.notifications = new Notifications(schema, access, config.clock(), timer, config.limits().events(),
        config.limits().eventBytes(), config.home().resolve("events"));
    this.transports = new Transports(this::open, sessions::limits);
    this.operational = new Operational(schema.root());
    this.urls = new Urls(config.home().resolve("files"), config.limits().access().messageBytes());
    List<String> capabilities = Operations.capabilities(schema, YangLibrary.contentId(schema));
    this.operations = new Operations(
        new Context(schema, datastores, urls, access, notifications, sessions, operational, rpcs,
            config.clock()),
        capabilities);
    try {
      datastores.subscribe(access);
    } catch (NetconfException e) {
      throw new IOException("the access rules of the stored configuration cannot be used: " + e.getMessage()
          + " Correct or remove " + file, e);
    }
    sessions.onClose(session -> datastores.ended(session.id()));
    sessions.onClose(notifications::ended);
    if (schema.has("ietf-netconf-monitoring")) {
      operational.add(schema.node("/ietf-netconf-monitoring:netconf-state"),
          new Monitoring(schema, sessions, datastores, capabilities, config.clock().instant()));
    }
    if (schema.has("ietf-yang-library")) {
      YangLibrary.register(schema, operational);
    }
    if (schema.has("ietf-netconf-acm")) {
      operational.add(schema.node("/ietf-netconf-acm:nacm"), reader -> access.state());
    }
    notify(schema, capabilities);
  }

  private void notify(Schema schema, List<String> capabilities) {
    if (schema.has("nc-notifications")) {
      operational.add(schema.node("/nc-notifications:netconf"), reader -> Streams.netconf(schema, notifications));
    }
    if (schema.has("ietf-netconf-notifications")) {
      new BaseNotifications(schema, notifications, datastores, sessions)
          .capabilities(config.home().resolve("capabilities"), capabilities);
    }
    if (schema.has("ietf-subscribed-notifications")) {
      var subscriptions = new Subscriptions(schema, notifications, datastores, new PushedData(datastores, operational));
      SubscriptionRpcs.register(schema, rpcs, subscriptions);
      operational.add(schema.node("/ietf-subscribed-notifications:streams"),
          reader -> Streams.subscribed(schema, notifications));
      operational.add(schema.node("/ietf-subscribed-notifications:subscriptions"), reader -> subscriptions.read());
    }
  }

  private Session open(String user, String source, String transport, Link link, IntSupplier idleSeconds) {
    var session = new Session(config.users().user(user), source, transport, config.clock().instant(), link, sessions,
        operations, sessions.limits().messageBytes());
    session.idleSeconds(idleSeconds);
    return session;
  }

  /** Listens; from now on clients are served. */
  public void start() throws IOException {
    if (config.listen() != null) {
      transports.listen("netconf", config.listen(), new Terms.Ssh(
          List.of(SshKeys.hostKey(config.home().resolve("host-key"))), config.users(), 0, Terms.Keepalive.DEFAULT));
    }
    if (config.schema().has("ietf-yang-library")) {
      YangLibrary.announce(config.schema(), config.home().resolve("yang-library-id"), notifications);
    }
    transports.start();
    var expiry = new SessionExpiry(sessions, datastores, config.clock());
    sweep = timer.scheduleWithFixedDelay(() -> {
      sessions.sweep(System.nanoTime(), notifications::subscribed);
      Thread.ofVirtual().name("session-expiry").start(expiry::check); // may wait for a writer, as the timer must not
    }, SWEEP_SECONDS, SWEEP_SECONDS, TimeUnit.SECONDS);
  }

  /** Where it listens with SSH. */
  public InetSocketAddress address() {
    return transports.address("netconf");
  }

  /** Its addresses. */
  public Transports transports() {
    return transports;
  }

  public Schema schema() {
    return config.schema();
  }

  /** True if nothing was stored: the caller may seed running through {@link Datastores#editRunning}. */
  public boolean isFirstStart() {
    return first;
  }

  public Datastores datastores() {
    return datastores;
  }

  public Notifications notifications() {
    return notifications;
  }

  public Sessions sessions() {
    return sessions;
  }

  /** The addresses to which the parameter url may lead. */
  public Urls urls() {
    return urls;
  }

  public Operational operational() {
    return operational;
  }

  public Rpcs rpcs() {
    return rpcs;
  }

  /** Ends all sessions and writes what is still to be written. */
  @Override
  public void close() throws IOException {
    if (sweep != null) {
      sweep.cancel(false);
    }
    transports.close();
    notifications.close();
    timer.shutdownNow();
    store.close();
  }
}
