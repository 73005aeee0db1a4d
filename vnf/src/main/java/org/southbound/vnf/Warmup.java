// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.southbound.api.ApiException;
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
 * Sends made-up packets through a {@link Rehearsal}, and moves their flows to and fro, while the instance starts, so that
 * neither the first packets nor the first transfer find a compiler that has yet to learn their way. The instance's own NF
 * and counters see nothing of it.
 */
final class Warmup implements AutoCloseable {
  private static final long LONGEST_NANOS = 4_000_000_000L;
  private static final long CLOSING_MILLIS = 2_000;
  private static final int BURSTS = 8;
  private static final int TRANSFERS = 6;
  private static final int FLOWS = 1024;
  private static final int BURST = 64;
  private static final int FRAME = 114;
  private static final int MOST_AWAY = 512;
  private static final long PATIENCE_NANOS = 20_000_000;
  private static final long WAIT_NANOS = 50_000;

  private final CountDownLatch warm = new CountDownLatch(1);
  private final Thread thread = Thread.ofPlatform().daemon().name("warm-up").unstarted(this::run);
  private final MemorySegment memory = Arena.ofAuto().allocate((long) FLOWS * (Vxlan.LENGTH + FRAME), 64);
  private final Packet packet = Packet.of(memory);
  private final String function;
  private int away;
  private volatile long end;

  Warmup(String function) {
    this.function = function;
  }

  /** Begins, on a thread of its own. */
  void begin() {
    end = System.nanoTime() + LONGEST_NANOS;
    thread.start();
  }

  /** Waits until it is warm, which is soon in any case; false if the time is up before. */
  boolean await(long millis) throws InterruptedException {
    return warm.await(millis, TimeUnit.MILLISECONDS);
  }

  /** Ends it, and waits a moment until the rehearsal's folder is gone: there is a private key in it. */
  @Override
  public void close() {
    end = System.nanoTime();
    try {
      thread.join(CLOSING_MILLIS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    var own = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (var pool = new PacketPool(Batch.SIZE);
        var outside = Ports.udp("warm-up", own, Ports.Options.of(Ports.Direction.BOTH, "--data-port"));
        var rehearsal = new Rehearsal(function, outside.address())) {
      prepare();
      run(rehearsal, outside, new Batch(pool));
      warm.countDown();
    } catch (PortException | StartException | ApiException | IOException unusual) {
      // Cold is slower for a moment, not wrong; the instance's own ports will tell what is the matter.
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } finally {
      warm.countDown();
    }
  }

  private void run(Rehearsal rehearsal, Port outside, Batch back) throws ApiException, InterruptedException {
    var to = outside.destination(rehearsal.entry());
    for (int i = 0; i < TRANSFERS && System.nanoTime() < end; i++) {
      for (int burst = 0; burst < BURSTS && System.nanoTime() < end; burst++) {
        send(outside, to, back);
      }
      rehearsal.transfer(Catalog.TRANSFERS.get(i % Catalog.TRANSFERS.size()).name());
      while (!rehearsal.ended(1) && System.nanoTime() < end) {
        send(outside, to, back);
      }
    }
  }

  private void send(Port outside, Port.Destination to, Batch back) {
    for (int i = 0; i < FLOWS; i++) {
      long at = (long) i * (Vxlan.LENGTH + FRAME);
      packet.window(memory, at, Vxlan.LENGTH + FRAME, at);
      packet.hash = i;
      outside.send(packet, to);
      if (i % BURST == BURST - 1) {
        outside.flush();
        away += BURST;
        collect(outside, back);
      }
    }
  }

  /** Takes back what has been through, and waits for it where too much is on its way: held by a transfer, or lost. */
  private void collect(Port outside, Batch back) {
    long patience = System.nanoTime() + PATIENCE_NANOS;
    do {
      for (int n; (n = outside.receive(back)) > 0; away -= n) {
        back.clear();
      }
      if (away <= MOST_AWAY) {
        return;
      }
      LockSupport.parkNanos(WAIT_NANOS);
    } while (System.nanoTime() < patience);
    away = 0;
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
