// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.southbound.api.VnfApi;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Report;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.access.Users;
import org.southbound.netconf.datastore.Datastores.Writer;
import org.southbound.netconf.datastore.Draft;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.ParsedModels;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.nf.Config;

/** Binds a NETCONF server to an instance's API: configuration, calls, state data and notifications. */
public final class Binding implements AutoCloseable {
  private static final String ADMIN = "admin";

  private final NetconfServer server;
  private final ChainConfig chains;
  private final TransportConfig transports;

  /**
   * What the instance gives and takes.
   *
   * @param vnf its API
   * @param users accounts; the configured ones are added
   * @param firstUser the user of the command line, who may do all whatever is configured
   * @param fixedPassword that user's password was given for this run: it counts, not a configured one
   * @param instance takes the configuration of the instance, now and after each change
   * @param peers takes the peers that the configuration names, now and after each change
   * @param ports management ports in use, by the name of their container below {@code management}; may be filled later
   * @param home folder of the keys by which the server is known
   * @param flags addresses that the command line names for this run
   * @param restartNeeded configuration has changed that takes effect at the next start
   * @param snmp who sends a report to the SNMP targets with a tag; empty: no target has it
   */
  public record Parts(VnfApi vnf, Users users, Users.Account firstUser, boolean fixedPassword,
      Consumer<Config> instance, Consumer<Map<String, Endpoint>> peers, Map<String, Integer> ports,
      Path home, Flags flags, BooleanSupplier restartNeeded, Function<String, Optional<Consumer<Report>>> snmp) {
  }

  /**
   * Addresses that the command line names: they count until the configuration says other than it did at the start.
   *
   * @param ssh empty: the configured one
   * @param tls empty: TLS only if it is configured
   */
  public record Flags(Optional<InetSocketAddress> ssh, Optional<InetSocketAddress> tls) {
    public static final Flags NONE = new Flags(Optional.empty(), Optional.empty());
  }

  /**
   * Brings what is configured in force, and binds the calls; the server may be started afterwards.
   *
   * @throws NetconfException the stored configuration is refused
   * @throws IOException a key in the home cannot be used
   */
  public Binding(NetconfServer server, Parts parts) throws NetconfException, IOException {
    this.server = server;
    var datastores = server.datastores();
    datastores.subscribe(new UserConfig(server.schema(), parts.users, parts.firstUser, parts.fixedPassword));
    datastores.subscribe(new SessionConfig(server));
    datastores.subscribe(
        new NfConfig(parts.vnf, server.schema().node("/southbound-nf:nf"), parts.instance, parts.peers));
    transports = new TransportConfig(server, parts);
    datastores.subscribe(transports);
    chains = new ChainConfig(server, parts.vnf);
    new VnfBinding(server, parts.vnf, chains, new HealthCheck(parts.vnf, chains, parts.ports, parts.home), parts.snmp);
    new StateData(server, parts.vnf, chains, parts.ports, parts.restartNeeded);
    parts.vnf.listen(new EventNotifications(server.notifications()));
  }

  /** Tells the instance's configuration that the next start begins from, whenever that is another. */
  public void onNextStart(Consumer<Config> listener) {
    YangNode nf = server.schema().node("/southbound-nf:nf");
    var last = new AtomicReference<>(YangNode.find(server.datastores().running(), nf));
    server.datastores().onNextStart(tree -> {
      NormalizedNode next = YangNode.find(tree, nf);
      if (next != last.getAndSet(next)) { // most commits leave it alone
        listener.accept(ConfigTree.of(nf, (DataContainerNode) next));
      }
    });
  }

  /** The server listens: its ports are known. */
  public void started() {
    transports.report();
  }

  /** The models that the product serves, with those of {@code more} folders. Throws with one line that says what to do. */
  public static Schema schema(Optional<Path> more) throws IOException {
    var absent = new HashSet<>(NetconfServer.ABSENT_FEATURES);
    absent.addAll(NetconfServerModel.ABSENT_FEATURES);
    return Schema.load(models(more), absent);
  }

  /** Parses the models that the product serves, for {@link ParsedModels}. */
  public static void parse(Path file) throws IOException {
    ParsedModels.write(file, models(Optional.empty()));
  }

  private static List<Schema.Source> models(Optional<Path> more) throws IOException {
    var loader = Binding.class.getClassLoader();
    var library = new ArrayList<>(Schema.resources(loader, "META-INF/yang"));
    var own = new ArrayList<>(Schema.resources(loader, "yang"));
    if (more.isPresent()) {
      own.addAll(Schema.directory(more.get()));
    }
    library.addAll(own);
    var wanted = new ArrayList<>(List.of("ietf-netconf", "ietf-netconf-monitoring", "ietf-yang-library",
        "ietf-netconf-with-defaults", "ietf-netconf-nmda", "ietf-origin", "ietf-netconf-notifications",
        "ietf-subscribed-notifications", "ietf-netconf-acm", "notifications", "nc-notifications",
        "ietf-netconf-server", "ietf-keystore", "ietf-truststore"));
    own.forEach(each -> wanted.add(each.fileName().replaceAll("(@.*)?\\.yang", "")));
    return Schema.closure(library, wanted);
  }

  /**
   * Writes down what an instance was first started with, below {@code /nf}, and the rule by which the group admin, with the
   * first user in it, may do all; an existing configuration stays.
   */
  public static void seed(NetconfServer server, String name, String type, String user, Consumer<TreeBuilder> more)
      throws NetconfException {
    var root = server.schema().root();
    var nf = server.schema().node("/southbound-nf:nf");
    var nacm = server.schema().node("/ietf-netconf-acm:nacm");
    server.datastores().editRunning(Writer.SYSTEM, before -> {
      var draft = new Draft(root, before);
      var out = new TreeBuilder(nf, (DataContainerNode) YangNode.find(before, nf));
      out.leaf("name", name);
      try {
        out.leaf("type", "southbound-nf:" + type);
      } catch (IllegalArgumentException unknownIdentity) {
        // An NF without a YANG module of its own; the specification's nf-type says what it is.
        out.leaf("type", "southbound-nf:generic");
      }
      more.accept(out);
      draft.set(nf, out.build());
      draft.set(nacm, rules(new TreeBuilder(nacm, (DataContainerNode) YangNode.find(before, nacm)), user));
      return (ContainerNode) draft.build(root.id);
    });
  }

  /** The example of RFC 8341, appendix A.2. */
  private static ContainerNode rules(TreeBuilder nacm, String user) {
    return nacm
        .container("groups",
            groups -> groups.entry("group", group -> group.leaf("name", ADMIN).leaves("user-name", List.of(user))))
        .entry("rule-list", list -> list.leaf("name", "admin-acl").leaves("group", List.of(ADMIN)).entry("rule",
            rule -> rule.leaf("name", "permit-all").leaf("module-name", "*").leaf("access-operations", "*")
                .leaf("action", "permit").leaf("comment", "Members of the group may do all.")))
        .build();
  }

  @Override
  public void close() {
    chains.close();
  }
}
