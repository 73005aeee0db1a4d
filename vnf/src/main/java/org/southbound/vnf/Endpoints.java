// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.IOException;
import java.io.StreamCorruptedException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.api.VnfApi.Report;
import org.southbound.metrics.Reports.UndeliveredException;
import org.southbound.netconf.NetconfConfig;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.access.PasswordHash;
import org.southbound.netconf.access.Users;
import org.southbound.netconf.binding.Binding;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.transport.SshKeys;
import org.southbound.nf.Config;
import org.southbound.peer.Trust;
import org.southbound.peer.TrustException;
import org.southbound.snmp.SnmpAgent;
import org.southbound.snmp.SnmpConfig;

/** How an instance is reached: NETCONF, SNMP and the metrics page. */
final class Endpoints implements Management {
  private static final Logger LOG = LoggerFactory.getLogger(Endpoints.class);

  private final Map<String, String> addresses = new LinkedHashMap<>();
  private final Map<String, Integer> ports = new ConcurrentHashMap<>();
  private final ArrayDeque<AutoCloseable> open = new ArrayDeque<>();
  private final Instance instance;
  private volatile Config configured = Config.EMPTY;
  private volatile SnmpAgent agent;
  private Config atStart;
  /** What the settings that were kept for the next start come from. */
  private Config kept;
  private volatile boolean restartNeeded;
  private boolean seeded;

  /** Begins to read the models, which takes as long as to make the instance. */
  static Prepared prepare(Settings settings) {
    var models = new FutureTask<>(() -> schema(settings));
    Thread.ofPlatform().daemon().name("models").start(models);
    return (instance, given) -> start(instance, settings, given, models);
  }

  /** Starts them all, or none. */
  private static Management start(Instance instance, Settings settings, Map<String, List<String>> given,
      Future<Schema> models) throws StartException, InterruptedException {
    var endpoints = new Endpoints(instance);
    try {
      endpoints.netconf(settings, given, read(models));
      endpoints.snmp(settings);
      endpoints.metrics(settings);
      Bootstrap.keep(settings, given);
      return endpoints;
    } catch (IOException | IllegalArgumentException failure) {
      throw endpoints.undone(settings, new StartException(String.valueOf(failure.getMessage()), false, failure));
    } catch (NetconfException refused) {
      if (endpoints.seeded) {
        throw endpoints.undone(settings, new StartException("cannot begin in " + settings.home() + " ("
            + refused.getMessage() + "); make room there, correct the flags, or name another folder by --home", false,
            refused));
      }
      throw endpoints.undone(settings, new StartException("the stored configuration in " + settings.home()
          + " is refused: " + refused.getMessage() + "; correct or remove running.xml, and startup.xml if there is one",
          false, refused));
    } catch (StartException failure) {
      throw endpoints.undone(settings, failure);
    }
  }

  /** A first start that failed leaves no configuration: the next may be another NF, on other ports. */
  private StartException undone(Settings settings, StartException why) {
    close();
    if (seeded) {
      try {
        Files.deleteIfExists(settings.home().resolve("running.xml"));
      } catch (IOException failure) {
        why.addSuppressed(failure);
      }
    }
    return why;
  }

  private Endpoints(Instance instance) {
    this.instance = instance;
  }

  private static Schema read(Future<Schema> models) throws IOException, StartException, InterruptedException {
    try {
      return models.get();
    } catch (ExecutionException failure) {
      switch (failure.getCause()) {
        case IOException unreadable -> throw unreadable;
        case StartException wrong -> throw wrong;
        case IllegalArgumentException invalid -> throw invalid;
        default -> throw new IllegalStateException("the models cannot be read", failure);
      }
    }
  }

  private void netconf(Settings settings, Map<String, List<String>> given, Schema schema)
      throws IOException, NetconfException, StartException {
    var users = new Users();
    var password = AdminPassword.of(System.getenv(), settings, System.err);
    Set<PublicKey> keys = settings.authorizedKeys().isPresent() ? keys(settings.authorizedKeys().get()) : Set.of();
    for (var name : new String[]{"running.xml", "startup.xml", "host-key", "snmp-engine"}) {
      var file = settings.home().resolve(name);
      if (Files.exists(file) && !(Files.isRegularFile(file) && Files.isReadable(file))) {
        throw new StartException(file + " is no file that this user can read; restore or remove it", false, null);
      }
    }
    var first = new Users.Account(settings.user(), Set.of(), password.map(PasswordHash::of).orElse(null),
        keys);
    users.put(first);
    users.recovery(first.name());
    var server = new NetconfServer(new NetconfConfig(settings.home(), null, schema, users,
        settings.durability().equals("batched") ? Durability.BATCHED : Durability.SYNC,
        NetconfConfig.Limits.DEFAULT, InstantSource.system()));
    open.push(server);
    if (server.isFirstStart()) {
      seeded = true;
      Binding.seed(server, settings.name(), settings.function(), settings.user(), nf -> seed(nf, settings));
    }
    var address = InetAddress.getByName(settings.address());
    boolean elsewhere = given.containsKey("address");
    var flags = new Binding.Flags(
        Optional.of(new InetSocketAddress(address, settings.netconfPort()))
            .filter(each -> elsewhere || given.containsKey("netconf-port")),
        settings.tlsPort().filter(each -> elsewhere || given.containsKey("tls-port"))
            .map(port -> new InetSocketAddress(address, port)));
    var binding = new Binding(server, new Binding.Parts(instance.vnf(), users, first,
        AdminPassword.given(System.getenv()).isPresent(), this::configured,
        instance.vnf().neighbours()::configured, ports, settings.home(), flags, () -> restartNeeded, this::reports));
    open.push(binding);
    kept = configured;
    binding.onNextStart(nf -> keep(nf, settings));
    server.start();
    binding.started();
    for (var each : List.of("netconf", "tls")) {
      var bound = server.transports().address(each);
      if (bound != null) {
        address(each, bound);
      }
    }
  }

  private static Schema schema(Settings settings) throws IOException, StartException {
    var more = settings.yangPath();
    if (more.isPresent() && !Files.isDirectory(more.get())) {
      throw new StartException("there is no folder " + more.get() + " of YANG modules; correct --yang-path", false,
          null);
    }
    return Binding.schema(more);
  }

  private static Set<PublicKey> keys(Path file) throws StartException {
    try {
      return SshKeys.authorized(file);
    } catch (StreamCorruptedException malformed) {
      throw new StartException(file + " is no file of public keys as OpenSSH writes them; correct --authorized-keys",
          false, malformed);
    } catch (IOException failure) {
      throw new StartException("cannot use " + file + " (" + Reason.of(failure) + "); correct --authorized-keys",
          false, failure);
    }
  }

  private static void seed(org.southbound.netconf.datastore.TreeBuilder nf, Settings settings) {
    nf.container("data-endpoint", each -> each.leaf("address", settings.address()).leaf("port", settings.dataPort()));
    nf.container("peer-endpoint", each -> each.leaf("address", settings.address()).leaf("port", settings.peerPort()));
    nf.container("management", management -> {
      management.container("netconf",
          each -> each.leaf("address", settings.address()).leaf("port", settings.netconfPort()));
      settings.tlsPort().ifPresent(port -> management.container("tls",
          each -> each.leaf("address", settings.address()).leaf("port", port)));
      management.container("snmp", each -> each.leaf("address", settings.address()).leaf("port", settings.snmpPort()));
      management.container("metrics",
          each -> each.leaf("address", settings.address()).leaf("port", settings.metricsPort()));
    });
    nf.container("flow-table", each -> each.leaf("maximum", settings.maximumFlows()).leaf("when-full",
        settings.evictIdle() ? "evict-idle" : "drop-new"));
  }

  /** The configuration of the instance is in force: whom it trusts follows. */
  private void configured(Config nf) {
    if (atStart == null) {
      atStart = nf;
    } else {
      restartNeeded = !StartOnly.of(nf).equals(StartOnly.of(atStart));
    }
    configured = nf;
    var peers = new ArrayList<Trust.Peer>();
    for (var peer : nf.list("peer")) {
      peers.add(new Trust.Peer(peer.leaf("name", ""), peer.leafList("fingerprint"), peer.leaves().get("authority")));
    }
    var authorities = new LinkedHashMap<String, List<X509Certificate>>();
    for (var authority : nf.list("authority")) {
      authorities.put(authority.leaf("name", ""), certificates(authority.leafList("certificate")));
    }
    try {
      instance.trust().configure(peers, authorities);
    } catch (TrustException unusable) {
      LOG.error("the configured peers are not trusted: {}", unusable.getMessage());
    }
  }

  /** What the next start reads before it can read the configuration. */
  private void keep(Config nf, Settings settings) {
    try {
      Bootstrap.changed(settings.home(), StartOnly.flags(kept), StartOnly.flags(nf));
      kept = nf;
    } catch (StartException failure) {
      LOG.error("the next start will not know of the change: {}", failure.getMessage());
    }
  }

  private static List<X509Certificate> certificates(List<String> encoded) {
    var result = new ArrayList<X509Certificate>();
    for (var text : encoded) {
      try {
        result.add((X509Certificate) CertificateFactory.getInstance("X.509")
            .generateCertificate(new java.io.ByteArrayInputStream(Base64.getMimeDecoder().decode(text))));
      } catch (CertificateException | IllegalArgumentException unusable) {
        LOG.error("a configured certificate cannot be used: {}", unusable.getMessage());
      }
    }
    return result;
  }

  private void snmp(Settings settings) throws IOException {
    var snmp = configured.container("management").container("snmp");
    var users = new ArrayList<SnmpConfig.User>();
    for (var user : snmp.list("user")) {
      users.add(new SnmpConfig.User(user.leaf("name", ""), authentication(user.leaf("authentication", "sha-256")),
          user.leaf("authentication-password", ""), user.leaf("privacy-password", "")));
    }
    var targets = new ArrayList<SnmpConfig.Target>();
    for (var target : snmp.list("target")) {
      targets.add(new SnmpConfig.Target(target.leaf("name", ""), target.leaf("host", ""),
          (int) target.number("port", 162), Set.copyOf(target.leafList("tag")), target.leaf("user", ""),
          target.leaf("community", ""), target.flag("inform", false), (int) target.number("timeout", 1500),
          (int) target.number("retries", 3)));
    }
    agent = SnmpAgent.start(new SnmpConfig(InetAddress.getByName(settings.address()), settings.snmpPort(),
        Optional.ofNullable(snmp.leaves().get("community")), snmp.leaf("root", SnmpConfig.ROOT),
        settings.name(), snmp.leaf("contact", ""), snmp.leaf("location", ""),
        "southbound " + settings.function() + " " + settings.name(), settings.home(), users, targets),
        instance.metrics());
    open.push(agent);
    address("snmp", agent.address());
  }

  /** Who sends reports to the SNMP targets with a tag. */
  private Optional<Consumer<Report>> reports(String tag) {
    var present = agent;
    if (present == null || !present.hasTarget(tag)) {
      return Optional.empty();
    }
    return Optional.of(report -> {
      if (!present.report(tag, report.id(), report.sequence(), report.values())) {
        throw new UndeliveredException("too many notifications wait for the SNMP targets");
      }
    });
  }

  private static SnmpConfig.Authentication authentication(String text) {
    return switch (text) {
      case "sha-1" -> SnmpConfig.Authentication.SHA_1;
      case "sha-512" -> SnmpConfig.Authentication.SHA_512;
      default -> SnmpConfig.Authentication.SHA_256;
    };
  }

  private void metrics(Settings settings) throws IOException {
    var page = MetricsPage.start(InetAddress.getByName(settings.address()), settings.metricsPort(), settings.name(),
        instance.metrics());
    open.push(page);
    ports.put("metrics", page.address().getPort());
    addresses.put("metrics", page.url());
  }

  private void address(String name, InetSocketAddress address) {
    ports.put(name, address.getPort());
    addresses.put(name, RunCommand.text(address.getAddress(), address.getPort()));
  }

  @Override
  public Map<String, String> addresses() {
    return addresses;
  }

  @Override
  public void close() {
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception failure) {
        LOG.warn("an endpoint did not close: {}", failure.getMessage());
      }
    }
  }
}
