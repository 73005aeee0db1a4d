// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.southbound.engine.Worker;
import org.southbound.io.Batch;
import org.southbound.io.Port;
import org.southbound.io.PortException;
import org.southbound.io.Ports;
import org.southbound.packet.Checksum;
import org.southbound.packet.Packet;
import org.southbound.packet.PacketPool;
import org.southbound.packet.Parser;
import org.southbound.packet.Vxlan;
import org.southbound.packet.Wire;

/**
 * Sends made-up packets through a worker of its own, over loopback, while the instance starts, so that the compiler
 * knows the packets' way before the first real one comes. The instance's NF and counters see nothing of it. The ports
 * are real ones: others would have the compiler prepare for what never comes.
 */
final class Warmup {
  private static final int PACKETS = 30_000;
  private static final long LONGEST_NANOS = 250_000_000;
  private static final int FLOWS = 64;
  private static final int FRAME = 114;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment memory = arena.allocate((long) FLOWS * (Vxlan.LENGTH + FRAME), 64);
  private final Packet packet = Packet.of(memory);
  private final String function;

  private Warmup(String function) {
    this.function = function;
  }

  /** Begins; {@link Thread#join} waits for the end, which comes soon in any case. */
  static Thread begin(String function) {
    return Thread.ofPlatform().daemon().name("warm-up").start(() -> new Warmup(function).run());
  }

  private void run() {
    var own = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    var options = Ports.Options.of(Ports.Direction.BOTH, "--data-port");
    try (arena;
        var pool = new PacketPool(Batch.SIZE);
        var outside = Ports.udp("warm-up", own, options);
        var worker = new Worker("warm-up", Catalog.FUNCTIONS.get(function).get(),
            new Worker.Sizes(1024, 1024, false))) {
      var data = Ports.udp("warm-up-data", own, options);
      worker.data(data);
      worker.egress(data, outside.address());
      prepare();
      send(worker, outside, outside.destination(data.address()), new Batch(pool));
    } catch (PortException unusual) {
      // Cold is slower for a moment, not wrong; the instance's own ports will tell what is the matter.
    }
  }

  private void send(Worker worker, Port outside, Port.Destination to, Batch back) {
    long end = System.nanoTime() + LONGEST_NANOS;
    for (int sent = 0; sent < PACKETS && System.nanoTime() < end; sent += FLOWS) {
      for (int i = 0; i < FLOWS; i++) {
        long at = (long) i * (Vxlan.LENGTH + FRAME);
        packet.window(memory, at, Vxlan.LENGTH + FRAME, at);
        packet.hash = i;
        outside.send(packet, to);
      }
      outside.flush();
      for (int taken = 0; taken < FLOWS;) {
        int n = worker.doWork();
        if (n == 0) {
          break;
        }
        taken += n;
      }
      while (outside.receive(back) > 0) {
        back.clear();
      }
    }
  }

  /** Half TCP, half UDP, IPv4, from the documentation's networks. */
  private void prepare() {
    for (int i = 0; i < FLOWS; i++) {
      long at = (long) i * (Vxlan.LENGTH + FRAME);
      boolean tcp = i % 2 == 0;
      Vxlan.write(memory, at, 0, Vxlan.ETHERNET);
      long frame = at + Vxlan.LENGTH;
      Wire.u48(memory, frame, 0x0200_0000_0001L);
      Wire.u48(memory, frame + 6, 0x0200_0000_0002L);
      Wire.u16(memory, frame + 12, 0x0800);
      Wire.u32(memory, frame + 14, 0x45 << 24 | FRAME - 14);
      Wire.u32(memory, frame + 22, 64 << 24 | (tcp ? 6 : 17) << 16);
      Wire.u32(memory, frame + 26, 192 << 24 | 2 << 8 | 10);
      Wire.u32(memory, frame + 30, 198 << 24 | 51 << 16 | 100 << 8 | 10);
      Wire.u16(memory, frame + 24, Checksum.ipv4(memory, frame + 14));
      Wire.u32(memory, frame + 34, (40_000 + i) << 16 | 80);
      if (tcp) {
        Wire.u32(memory, frame + 38, 1);
        Wire.u32(memory, frame + 46, 0x5002 << 16 | 0xffff);
      } else {
        Wire.u16(memory, frame + 38, FRAME - 34);
      }
      packet.window(memory, frame, FRAME, frame);
      Parser.parse(packet);
      Checksum.setTransport(packet);
    }
  }
}
