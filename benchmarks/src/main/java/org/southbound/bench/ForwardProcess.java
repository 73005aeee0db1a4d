// SPDX-License-Identifier: Apache-2.0
package org.southbound.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.southbound.chain.NshVxlanGpe;
import org.southbound.classifier.Path;
import org.southbound.engine.Dataplane;
import org.southbound.engine.Worker;
import org.southbound.flow.Flow;
import org.southbound.flow.FlowSpace;
import org.southbound.io.PortException;
import org.southbound.io.Ports;
import org.southbound.nf.ConfigException;
import org.southbound.nf.Firewall;
import org.southbound.nf.NetworkFunction;
import org.southbound.nf.Specification;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;
import org.southbound.state.StateLayout;

/**
 * What {@link ForwardBench} compares with {@code forward.c}, and {@link InterfaceBench} with {@code forward-if.c}: a worker
 * with an NF that counts each flow's packets and octets, or with the firewall and a rule that accepts all; on one path, or
 * between two interfaces. Forwards until its standard input ends.
 */
final class ForwardProcess {
  private static final StateLayout COUNTERS = StateLayout.of("counters", 1, StateLayout.Kind.PER_FLOW,
      StateLayout.Merge.SUM, "Packets and octets in each direction", StateLayout.U64.withName("packets"),
      StateLayout.U64.withName("octets"), StateLayout.U64.withName("to-packets"),
      StateLayout.U64.withName("to-octets"));

  private ForwardProcess() {
  }

  /**
   * Takes the port to listen on and the port to send to, on 127.0.0.1, the path's SPI and SI on arrival, and {@code counting}
   * or {@code firewall}; or in place of the first four two ports such as {@code if:NAME}.
   */
  public static void main(String[] args)
      throws PortException, IOException, InterruptedException, ConfigException {
    var worker = new Worker("0", args[args.length - 1].equals("firewall") ? new Firewall() : new Counting(),
        Worker.Sizes.DEFAULT);
    worker.nf().configure(worker.nf().rehearsal()).run();
    if (args[0].startsWith("if:")) {
      var options = Ports.Options.of(Ports.Direction.BOTH, "the benchmark's arguments");
      worker.input(Ports.open(args[0], options));
      worker.egress(Ports.open(args[1], options), null);
      worker.start();
    } else {
      tunnel(worker, args);
    }
    System.out.println("ready");
    while (System.in.read() >= 0) {
      // Input means nothing; its end means that nobody waits for us any more.
    }
    System.out.println("received=" + worker.counters().received.get() + " sent=" + worker.counters().sent.get()
        + " dropped=" + worker.counters().drops());
    worker.close();
  }

  private static void tunnel(Worker worker, String[] args) throws PortException {
    var loopback = InetAddress.getLoopbackAddress();
    worker.data(Ports.udp("data", new InetSocketAddress(loopback, Integer.parseInt(args[0])),
        Ports.Options.of(Ports.Direction.BOTH, "--data-port")));
    var dataplane = new Dataplane(List.of(worker));
    var next = dataplane.hop("next", new InetSocketAddress(loopback, Integer.parseInt(args[1])), null);
    int spi = Integer.parseInt(args[2]);
    int si = Integer.parseInt(args[3]);
    worker.start();
    dataplane.arrive(new Path(dataplane.nextPathNumber(), "bench", "bench", 1, spi, si, new NshVxlanGpe(),
        FlowSpace.EVERYTHING, next, spi + 1, si - 1, List.of()));
  }

  /** Counts as the reference does. */
  private static final class Counting implements NetworkFunction {
    private static final long PACKETS = COUNTERS.offset("packets");
    private static final long OCTETS = COUNTERS.offset("octets");
    private static final long OTHER_WAY = COUNTERS.offset("to-packets");

    @Override
    public Specification specification() {
      return new Specification("counting", "southbound", "benchmark", "1", "Counts.", List.of(), List.of(),
          List.of(COUNTERS), true);
    }

    @Override
    public int process(Packet packet, Flow flow) {
      if (!flow.create()) {
        return Drop.TABLE_FULL.verdict();
      }
      long way = flow.fromInitiator() ? 0 : OTHER_WAY;
      flow.addLong(way + PACKETS, 1);
      flow.addLong(way + OCTETS, packet.ipLength());
      return Drop.FORWARD.verdict();
    }
  }
}
