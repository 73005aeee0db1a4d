// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.chain.Fabric;
import org.southbound.chain.Link;
import org.southbound.engine.EngineMetrics;
import org.southbound.engine.Neighbours;
import org.southbound.engine.Vnf;
import org.southbound.engine.Worker;
import org.southbound.io.Port;
import org.southbound.io.PortException;
import org.southbound.io.Ports;
import org.southbound.metrics.Metrics;
import org.southbound.metrics.Reports;
import org.southbound.nf.NetworkFunction;
import org.southbound.packet.Drop;
import org.southbound.peer.PeerServer;
import org.southbound.peer.Peers;
import org.southbound.peer.Trust;
import org.southbound.peer.TrustException;

/** A VNF instance put together: workers with their ports, the API, and the connection to other NFs. */
public final class Instance implements AutoCloseable {
  private final Settings settings;
  private final List<Worker> workers = new ArrayList<>();
  private final List<Port> files = new ArrayList<>();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final Metrics metrics = new Metrics();
  private final Vnf vnf;
  private final Trust trust;
  private final InetSocketAddress data;
  private final int peerPort;

  /** Opens everything; packets are taken from {@link #start} on. Throws StartException with one line that says what to do. */
  public Instance(Settings settings) throws StartException {
    this.settings = settings;
    try {
      takeHome();
      trust = Trust.open(settings.name(), settings.home(), settings.trust().orElse(null), InstantSource.system());
      openWorkers();
      data = dataPort().address();
      var fabric = fabric();
      var address = InetAddress.getByName(settings.address());
      var self = fabric.stream().findFirst().map(port -> new Link(port.mac(), address));
      var protocols = Catalog.protocols(self);
      for (int i = 0; i < fabric.size(); i++) {
        workers.get(i).fabric(fabric.get(i), new Fabric(self.get(), protocols));
      }
      workers.forEach(Worker::start);
      var events = new PeerEvents();
      var peers = new Peers(trust, events);
      open.add(peers);
      var mac = self.map(Link::text).orElse("");
      var neighbours = new Neighbours(new Endpoint(settings.name(), settings.address(), data.getPort(), 0, mac),
          (nf, host, port) -> peers.client(org.southbound.peer.v1.Endpoint.newBuilder().setNf(nf).setHost(host)
              .setPeerPort(port).build()));
      EngineMetrics.register(metrics, workers);
      var reports = new Reports(metrics);
      vnf = new Vnf(new Vnf.Setup(workers, neighbours, workers.getFirst().nf().specification(), protocols,
          Catalog.TRANSFERS, Catalog.REPLICATIONS, VariantNumbers.of(settings.function()), metrics, reports,
          trust.fingerprint()));
      open.add(vnf);
      events.to(vnf);
      var server = new PeerServer(address(settings.peerPort()), trust, vnf, events);
      open.add(server);
      peerPort = server.port();
      neighbours.self(new Endpoint(settings.name(), settings.address(), data.getPort(), peerPort, mac));
    } catch (IOException | TrustException | PortException failure) {
      close();
      boolean usage = failure instanceof PortException port && port.usage();
      throw new StartException(failure.getMessage(), usage, failure);
    } catch (StartException failure) {
      close();
      throw failure;
    }
  }

  /** A home is of one instance at a time: two would overwrite one another's configuration. */
  private void takeHome() throws StartException {
    var home = settings.home();
    try {
      Files.createDirectories(home);
      var channel = FileChannel.open(home.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      open.add(channel);
      if (channel.tryLock() == null) {
        throw taken(null);
      }
    } catch (OverlappingFileLockException sameProcess) {
      throw taken(sameProcess);
    } catch (IOException failure) {
      throw new StartException("cannot use the folder " + home + " (" + Reason.of(failure)
          + "); name another by --home", false, failure);
    }
  }

  private StartException taken(RuntimeException cause) {
    return new StartException("another instance runs in " + settings.home() + "; stop it, or name another by --home",
        false, cause);
  }

  private InetSocketAddress address(int port) throws IOException {
    return new InetSocketAddress(InetAddress.getByName(settings.address()), port);
  }

  private void openWorkers() throws IOException, PortException, StartException {
    var make = Catalog.FUNCTIONS.get(settings.function());
    if (make == null) {
      throw new StartException("unknown network function '" + settings.function() + "'; --nf takes one of "
          + String.join(", ", Catalog.FUNCTIONS.keySet()), true, null);
    }
    NetworkFunction first = make.get();
    int count = first.specification().byFlowHash() ? settings.workers() : 1;
    var sizes = new Worker.Sizes(Worker.Sizes.DEFAULT.packets(), settings.maximumFlows(), settings.evictIdle());
    var shared = new Ports.Options(Ports.Direction.BOTH, "--data-port", count > 1);
    int port = settings.dataPort();
    for (int i = 0; i < count; i++) {
      var worker = new Worker(Integer.toString(i), i == 0 ? first : make.get(), sizes);
      workers.add(worker);
      var dataPort = Ports.udp("data", address(port), shared);
      port = dataPort.address().getPort();
      worker.data(dataPort);
    }
    Worker.join(workers);
    // They take commands from now on, such as a configuration, and packets later.
    workers.forEach(Worker::stopReceiving);
    for (var worker : workers) {
      openPorts(worker, count > 1);
    }
  }

  /** The interface on the Ethernet of the next hops, once for each worker. */
  private List<Port> fabric() throws PortException {
    var ports = new ArrayList<Port>();
    if (settings.fabric().isPresent()) {
      var spec = settings.fabric().get();
      if (!spec.startsWith("if:")) {
        throw PortException.usage("--fabric takes if:NAME, not '" + spec + "'");
      }
      for (int i = 0; i < workers.size(); i++) {
        ports.add(Ports.open(spec, new Ports.Options(Ports.Direction.BOTH, "--fabric", workers.size() > 1)));
      }
    }
    return ports;
  }

  private Port dataPort() {
    return workers.getFirst().dataPort();
  }

  /**
   * Packets of a {@code udp:} ingress come to the data port. Interfaces are ports of every worker, and the kernel spreads
   * packets over them; files are the first worker's, and come last, so that a port has the same number at each.
   */
  private void openPorts(Worker worker, boolean shared) throws PortException {
    var interfaces = new LinkedHashMap<String, Port>();
    InetSocketAddress tunnel = null;
    for (var spec : settings.ingress()) {
      if (spec.startsWith("udp:")) {
        tunnel = Ports.udpAddress(spec, "--ingress");
        worker.ingress(tunnel);
      } else if (!spec.startsWith(Bootstrap.FILE_PORT) && !interfaces.containsKey(spec)) {
        var port = open(spec, new Ports.Options(Ports.Direction.BOTH, "--ingress", shared));
        interfaces.put(spec, port);
        worker.input(port);
      }
    }
    egress(worker, shared, interfaces, tunnel);
    if (worker == workers.getFirst()) {
      for (var spec : settings.ingress().stream().filter(each -> each.startsWith(Bootstrap.FILE_PORT)).toList()) {
        var port = open(spec, Ports.Options.of(Ports.Direction.INGRESS, "--ingress"));
        files.add(port);
        worker.input(port);
      }
    }
  }

  /** A file's own complaint does not know which flag named it. */
  private static Port open(String spec, Ports.Options options) throws PortException {
    try {
      return Ports.open(spec, options);
    } catch (PortException failure) {
      boolean complete = failure.usage() || failure.getMessage().contains(options.flag());
      throw complete ? failure : PortException.failed(failure.getMessage() + "; correct " + options.flag(), failure);
    }
  }

  /** What hosts behind the egress send goes the other way: to the first interface, or into the tunnel. */
  private void egress(Worker worker, boolean shared, Map<String, Port> interfaces, InetSocketAddress tunnel)
      throws PortException {
    if (settings.egress().isEmpty()) {
      return;
    }
    var spec = settings.egress().get();
    if (spec.startsWith("udp:")) {
      worker.egress(worker.dataPort(), Ports.udpAddress(spec, "--egress"));
      return;
    }
    var first = interfaces.entrySet().stream().filter(each -> !each.getKey().equals(spec)).findFirst();
    var port = interfaces.get(spec);
    boolean both = port != null;
    if (port == null) {
      boolean file = spec.startsWith(Bootstrap.FILE_PORT);
      port = open(spec, new Ports.Options(file ? Ports.Direction.EGRESS : Ports.Direction.BOTH, "--egress", shared));
      if (port.twoWay()) {
        worker.input(port);
      }
    }
    worker.egress(port, null);
    if (first.isPresent() && port.twoWay()) {
      worker.back(first.get().getValue(), null);
    } else if (both) {
      worker.back(port, null);
    } else if (port.twoWay() && tunnel != null) {
      worker.back(worker.dataPort(), tunnel);
    }
  }

  /** Begins to take packets. */
  public void start() {
    workers.forEach(worker -> worker.execute(worker::receive));
  }

  /** The API. */
  public Vnf vnf() {
    return vnf;
  }

  /** The metrics. */
  public Metrics metrics() {
    return metrics;
  }

  /** Which other NFs are trusted. */
  public Trust trust() {
    return trust;
  }

  /** Where tunnel packets are taken. */
  public InetSocketAddress data() {
    return data;
  }

  /** TCP port for other NFs. */
  public int peerPort() {
    return peerPort;
  }

  /** Whether all files were read; the first worker has them all. What it read may be on its way through other workers. */
  public boolean inputEnded() {
    return workers.getFirst().inputEnded();
  }

  /** Why a file ended too early, in one line; empty if none did. */
  public Optional<String> inputFailure() {
    return files.stream().map(Port::failure).filter(Objects::nonNull).map(PortException::getMessage).findFirst();
  }

  /**
   * Waits until every packet that was taken is accounted for and none is held; at most {@code millis}. To be called when
   * no more packets come.
   */
  public void settle(long millis) throws InterruptedException {
    long deadline = System.nanoTime() + millis * 1_000_000;
    var never = new CountDownLatch(1);
    while (!settled(account()) && System.nanoTime() < deadline) {
      never.await(1, TimeUnit.MILLISECONDS);
    }
  }

  private static boolean settled(Account account) {
    long dropped = account.dropped.values().stream().mapToLong(Long::longValue).sum();
    return account.held == 0 && account.received + account.generated == account.sent + dropped;
  }

  /** Takes no packets any more and waits until those that were taken have left; at most {@code millis}. */
  public void drain(long millis) throws InterruptedException {
    vnf.dataplane().each(worker -> {
      worker.stopReceiving();
      return null;
    });
    settle(millis);
  }

  /** The account of all packets. */
  public Account account() {
    long received = 0;
    long sent = 0;
    long generated = 0;
    long held = 0;
    var dropped = new EnumMap<Drop, Long>(Drop.class);
    for (var worker : workers) {
      var counters = worker.counters();
      received += counters.received.get();
      sent += counters.sent.get();
      generated += counters.generated.get();
      held += counters.held.get();
      counters.drops().forEach((reason, n) -> dropped.merge(reason, n, Long::sum));
    }
    long flows = workers.stream().mapToLong(worker -> worker.flowsSeen()).sum();
    return new Account(received, sent, generated, dropped, held, flows);
  }

  /**
   * received + generated = sent + dropped + held.
   *
   * @param flows bidirectional 5-tuples seen, ICMP by identifier
   */
  public record Account(long received, long sent, long generated, Map<Drop, Long> dropped, long held, long flows) {
  }

  /** Takes no packets any more, lets those that wait go, and closes everything. */
  @Override
  public void close() {
    for (var worker : workers) {
      worker.stopReceiving();
    }
    for (var each : open.reversed()) {
      try {
        each.close();
      } catch (Exception failure) {
        System.err.println("closing " + each.getClass().getSimpleName() + ": " + failure.getMessage());
      }
    }
    workers.forEach(Worker::close);
  }
}
