// SPDX-License-Identifier: Apache-2.0
package org.southbound.interop;

import static java.util.concurrent.TimeUnit.SECONDS;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import org.opendaylight.mdsal.common.api.LogicalDatastoreType;
import org.opendaylight.mdsal.common.api.TransactionCommitFailedException;
import org.opendaylight.mdsal.dom.api.DOMNotification;
import org.opendaylight.mdsal.dom.api.DOMRpcResult;
import org.opendaylight.netconf.client.NetconfClientFactoryImpl;
import org.opendaylight.netconf.client.conf.NetconfClientConfiguration;
import org.opendaylight.netconf.client.conf.NetconfClientConfiguration.NetconfClientProtocol;
import org.opendaylight.netconf.client.conf.NetconfClientConfigurationBuilder;
import org.opendaylight.netconf.client.mdsal.NetconfDeviceBuilder;
import org.opendaylight.netconf.client.mdsal.NetconfDeviceCommunicator;
import org.opendaylight.netconf.client.mdsal.NetconfDeviceSchema;
import org.opendaylight.netconf.client.mdsal.api.NetconfSessionPreferences;
import org.opendaylight.netconf.client.mdsal.api.RemoteDeviceHandler;
import org.opendaylight.netconf.client.mdsal.api.RemoteDeviceId;
import org.opendaylight.netconf.client.mdsal.api.RemoteDeviceServices;
import org.opendaylight.netconf.client.mdsal.impl.DefaultBaseNetconfSchemaProvider;
import org.opendaylight.netconf.client.mdsal.impl.DefaultSchemaResourceManager;
import org.opendaylight.netconf.client.mdsal.spi.NetconfDeviceDataBroker;
import org.opendaylight.netconf.common.di.DefaultNetconfTimer;
import org.opendaylight.yang.gen.v1.urn.ietf.params.xml.ns.yang.ietf.crypto.types.rev241010.password.grouping.password.type.CleartextPasswordBuilder;
import org.opendaylight.yang.gen.v1.urn.ietf.params.xml.ns.yang.ietf.inet.types.rev130715.Host;
import org.opendaylight.yang.gen.v1.urn.ietf.params.xml.ns.yang.ietf.inet.types.rev130715.IpAddress;
import org.opendaylight.yang.gen.v1.urn.ietf.params.xml.ns.yang.ietf.inet.types.rev130715.Ipv4Address;
import org.opendaylight.yang.gen.v1.urn.ietf.params.xml.ns.yang.ietf.inet.types.rev130715.PortNumber;
import org.opendaylight.yang.gen.v1.urn.ietf.params.xml.ns.yang.ietf.netconf.client.rev240814.netconf.client.initiate.stack.grouping.transport.ssh.ssh.SshClientParametersBuilder;
import org.opendaylight.yang.gen.v1.urn.ietf.params.xml.ns.yang.ietf.netconf.client.rev240814.netconf.client.initiate.stack.grouping.transport.ssh.ssh.TcpClientParametersBuilder;
import org.opendaylight.yang.gen.v1.urn.ietf.params.xml.ns.yang.ietf.ssh.client.rev241010.ssh.client.grouping.ClientIdentityBuilder;
import org.opendaylight.yang.gen.v1.urn.ietf.params.xml.ns.yang.ietf.ssh.client.rev241010.ssh.client.grouping.client.identity.PasswordBuilder;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.common.Uint16;
import org.opendaylight.yangtools.yang.common.Uint32;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifier;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapEntryNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.api.schema.builder.DataContainerNodeBuilder;
import org.opendaylight.yangtools.yang.data.spi.node.ImmutableNodes;
import org.opendaylight.yangtools.yang.parser.impl.DefaultYangParserFactory;

/**
 * Mounts a server the way OpenDaylight does: the schemas are fetched from it, and data, RPCs and notifications are what those
 * schemas say. Arguments: port on the loopback, user, password, a folder for the schemas. Prints "ok NAME" for each thing that
 * works; the first that does not ends it with an exception.
 */
public final class OpenDaylightMount implements RemoteDeviceHandler {
  private record Mounted(NetconfDeviceSchema schema, NetconfSessionPreferences preferences,
      RemoteDeviceServices services) {
  }

  private final CompletableFuture<Mounted> mounted = new CompletableFuture<>();
  private final LinkedBlockingQueue<DOMNotification> notifications = new LinkedBlockingQueue<>();
  private final RemoteDeviceId id;
  private NetconfDeviceDataBroker broker;
  private Mounted mount;

  private OpenDaylightMount(RemoteDeviceId id) {
    this.id = id;
  }

  @Override
  public void onDeviceConnected(NetconfDeviceSchema schema, NetconfSessionPreferences preferences,
      RemoteDeviceServices services) {
    mounted.complete(new Mounted(schema, preferences, services));
  }

  @Override
  public void onDeviceDisconnected() {
    mounted.completeExceptionally(new IllegalStateException("disconnected"));
  }

  @Override
  public void onDeviceFailed(Throwable cause) {
    mounted.completeExceptionally(cause);
  }

  @Override
  public void onNotification(DOMNotification notification) {
    notifications.add(notification);
  }

  @Override
  public void close() {
    // nothing is held
  }

  /** Connects, fetches the schemas, and checks what OpenDaylight then offers of the server. */
  @SuppressWarnings("removal") // of DefaultYangParserFactory, whose successor this version does not use yet
  public static void main(String[] args) throws Exception {
    var id = new RemoteDeviceId("vnf",
        new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0])));
    var mount = new OpenDaylightMount(id);
    var parser = new DefaultYangParserFactory();
    try (var timer = new DefaultNetconfTimer();
        var clients = new NetconfClientFactoryImpl(timer);
        var executor = Executors.newCachedThreadPool()) {
      var device = new NetconfDeviceBuilder().setId(id).setSalFacade(mount).setProcessingExecutor(executor)
          .setReconnectOnSchemasChange(false).setBaseSchemaProvider(new DefaultBaseNetconfSchemaProvider(parser))
          .setDeviceSchemaProvider(
              new DefaultSchemaResourceManager(parser, args[3], "schema").getSchemaResources("schema", "vnf"))
          .build();
      try (var communicator = new NetconfDeviceCommunicator(id, device, 0)) {
        within(clients.createClient(configuration(args, communicator)));
        mount.check();
      }
    }
  }

  private static NetconfClientConfiguration configuration(String[] args, NetconfDeviceCommunicator listener) {
    var password = new PasswordBuilder()
        .setPasswordType(new CleartextPasswordBuilder().setCleartextPassword(args[2]).build()).build();
    return NetconfClientConfigurationBuilder.create().withProtocol(NetconfClientProtocol.SSH)
        .withTcpParameters(
            new TcpClientParametersBuilder().setRemoteAddress(new Host(new IpAddress(new Ipv4Address("127.0.0.1"))))
                .setRemotePort(new PortNumber(Uint16.valueOf(args[0]))).build())
        .withSshParameters(new SshClientParametersBuilder()
            .setClientIdentity(new ClientIdentityBuilder().setUsername(args[1]).setPassword(password).build()).build())
        .withSessionListener(listener).build();
  }

  private void check() throws Exception {
    mount = within(mounted);
    var unresolved = mount.schema.capabilities().unresolvedCapabilites();
    require(unresolved.isEmpty(), "schemas", unresolved);
    broker = new NetconfDeviceDataBroker(id, mount.schema.databind(), mount.services.rpcs(), mount.preferences, true);
    readsState();
    changesAndReads();
    replacesAndDeletes();
    rollsBack();
    callsRpcs();
    receivesNotifications();
  }

  private void readsState() throws Exception {
    try (var read = broker.newReadOnlyTransaction()) {
      var state = within(read.read(LogicalDatastoreType.OPERATIONAL,
          YangInstanceIdentifier.of(new NodeIdentifier(metrics("metrics")))));
      require(state.isPresent() && state.get().prettyTree().get().contains("packets-received"), "state", state);
      var whole = within(read.read(LogicalDatastoreType.OPERATIONAL, YangInstanceIdentifier.of()));
      require(whole.isPresent() && ((ContainerNode) whole.get()).size() > 4, "all state", whole);
    }
  }

  private void changesAndReads() throws Exception {
    var change = broker.newWriteOnlyTransaction();
    change.merge(LogicalDatastoreType.CONFIGURATION, threshold("odl"), entry("odl", 5));
    within(change.commit());
    require(rising("odl") == 5, "change", rising("odl"));
  }

  private void replacesAndDeletes() throws Exception {
    var change = broker.newReadWriteTransaction();
    change.put(LogicalDatastoreType.CONFIGURATION, threshold("odl"), entry("odl", 6));
    within(change.commit());
    require(rising("odl") == 6, "replace", rising("odl"));
    var removal = broker.newWriteOnlyTransaction();
    removal.delete(LogicalDatastoreType.CONFIGURATION, threshold("odl"));
    within(removal.commit());
    require(rising("odl") == 0, "delete", rising("odl"));
  }

  /** A change that is not committed, or refused, leaves nothing behind. */
  private void rollsBack() throws Exception {
    var change = broker.newReadWriteTransaction();
    change.merge(LogicalDatastoreType.CONFIGURATION, threshold("odl"), entry("odl", 7));
    require(change.cancel(), "cancel", change);
    var refused = broker.newWriteOnlyTransaction();
    refused.merge(LogicalDatastoreType.CONFIGURATION, threshold("odl"), entry("odl", -7)); // falling is above rising
    try {
      within(refused.commit());
      require(false, "refusal", "committed");
    } catch (ExecutionException e) {
      require(e.getCause() instanceof TransactionCommitFailedException, "refusal", e);
    }
    require(rising("odl") == 0, "rollback", rising("odl"));
  }

  private void callsRpcs() throws Exception {
    DOMRpcResult result = call(metrics("query-metrics"), input(metrics("query-metrics")).build());
    require(result.errors().isEmpty() && result.value().prettyTree().get().contains("packets-received"), "rpc", result);
    QName cancel = metrics("cancel-report");
    DOMRpcResult refused = call(cancel,
        input(cancel).withChild(ImmutableNodes.leafNode(QName.create(cancel, "id"), Uint32.MAX_VALUE)).build());
    require(!refused.errors().isEmpty(), "error of an rpc", refused);
  }

  private void receivesNotifications() throws Exception {
    QName subscribe = QName.create("urn:ietf:params:xml:ns:netconf:notification:1.0", "2008-07-14",
        "create-subscription");
    DOMRpcResult result = call(subscribe, input(subscribe).build());
    require(result.errors().isEmpty(), "subscription", result);
    var change = broker.newWriteOnlyTransaction();
    change.merge(LogicalDatastoreType.CONFIGURATION, threshold("odl"), entry("odl", 8));
    within(change.commit());
    DOMNotification notification = notifications.poll(30, SECONDS);
    require(
        notification != null
            && notification.getBody().name().getNodeType().getLocalName().equals("netconf-config-change"),
        "notification", notification);
  }

  private DOMRpcResult call(QName rpc, ContainerNode input) throws Exception {
    return within(mount.services.rpcs().invokeNetconf(rpc, input));
  }

  private static DataContainerNodeBuilder<NodeIdentifier, ContainerNode> input(QName rpc) {
    return ImmutableNodes.newContainerBuilder().withNodeIdentifier(new NodeIdentifier(QName.create(rpc, "input")));
  }

  /** The value that is configured, 0 if none. */
  private long rising(String name) throws Exception {
    try (var read = broker.newReadOnlyTransaction()) {
      Optional<NormalizedNode> found = within(read.read(LogicalDatastoreType.CONFIGURATION, threshold(name)));
      return found.map(each -> (Long) ((MapEntryNode) each).getChildByArg(new NodeIdentifier(metrics("rising"))).body())
          .orElse(0L);
    }
  }

  private YangInstanceIdentifier threshold(String name) {
    QName list = metrics("threshold");
    return YangInstanceIdentifier.of(new NodeIdentifier(metrics("metrics")), new NodeIdentifier(list),
        NodeIdentifierWithPredicates.of(list, metrics("name"), name));
  }

  private MapEntryNode entry(String name, long rising) {
    QName list = metrics("threshold");
    return ImmutableNodes.newMapEntryBuilder()
        .withNodeIdentifier(NodeIdentifierWithPredicates.of(list, metrics("name"), name))
        .withChild(ImmutableNodes.leafNode(metrics("name"), name))
        .withChild(ImmutableNodes.leafNode(metrics("metric"), "flows"))
        .withChild(ImmutableNodes.leafNode(metrics("rising"), rising))
        .withChild(ImmutableNodes.leafNode(metrics("falling"), 0L)).build();
  }

  /** A name of southbound-metrics, in the revision that the server has. */
  private QName metrics(String name) {
    var module = mount.schema.databind().modelContext().findModules("southbound-metrics").iterator().next();
    return QName.create(module.getQNameModule(), name);
  }

  private static <T> T within(Future<T> future) throws Exception {
    return future.get(60, SECONDS);
  }

  private static void require(boolean holds, String what, Object otherwise) {
    if (!holds) {
      throw new IllegalStateException(what + ": " + otherwise);
    }
    System.out.println("ok " + what);
  }
}
