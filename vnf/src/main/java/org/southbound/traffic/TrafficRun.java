// SPDX-License-Identifier: Apache-2.0
package org.southbound.traffic;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.southbound.chain.NshVxlanGpe;
import org.southbound.io.Batch;
import org.southbound.io.Poller;
import org.southbound.io.Port;
import org.southbound.io.PortException;
import org.southbound.io.Ports;
import org.southbound.packet.Packet;
import org.southbound.packet.PacketPool;
import org.southbound.packet.Parser;

/**
 * Sends a capture through a chain and takes what comes out. The calling thread sends, one more receives: the socket's
 * buffer and a thread that does nothing else keep the sink's own losses away, and those that happen all the same are
 * counted apart.
 */
public final class TrafficRun {
  private static final int BURST = 128;
  /** Packets under way when nobody sets the pace. */
  private static final int WINDOW = 2048;
  private static final long STALLED_NANOS = 200_000_000;
  /** A sender that is so late lets the packets go that it should have sent. */
  private static final long LATE_NANOS = 50_000_000;
  private static final long TICK_NANOS = 1_000_000;
  private static final long QUIET_NANOS = 500_000_000;
  private static final long STRAGGLERS_NANOS = 5_000_000_000L;
  private static final int RECEIVE_MILLIS = 10;

  private final Plan plan;
  private final Consumer<Map<String, Object>> follower;
  private volatile boolean stopped;
  private volatile boolean receiverEnds;
  private volatile long lastNanos;

  /**
   * What to send.
   *
   * @param file capture file
   * @param to where to send it
   * @param sink address where it comes back
   * @param pps packets a second; 0: as fast as it comes back
   * @param loops how often the file is sent; 0: until the time is up
   * @param seconds how long; 0: until all loops are done
   */
  public record Plan(Path file, InetSocketAddress to, InetSocketAddress sink, int pps, long loops, double seconds) {
  }

  /** A run; {@code follower} is told once a second how it goes, on a thread that must not wait. */
  public TrafficRun(Plan plan, Consumer<Map<String, Object>> follower) {
    this.plan = plan;
    this.follower = follower;
  }

  /** Ends sending; {@link #run} then returns as if the time were up. Any thread. */
  public void stop() {
    stopped = true;
  }

  /** Sends, receives and returns the account, in the order in which it is printed. */
  public Map<String, Object> run() throws PortException, InterruptedException {
    try (var capture = Capture.read(plan.file);
        var sink = Ports.udp("sink", plan.sink, Ports.Options.of(Ports.Direction.BOTH, "--sink"));
        var source = Ports.udp("source", any(plan.to), Ports.Options.of(Ports.Direction.BOTH, "--to"));
        var poller = Poller.open(List.of(sink))) {
      var ledger = new Ledger(capture);
      var timeline = new Timeline();
      long dropsBefore = SocketDrops.of(sink.address().getPort());
      var receiverEnded = new CountDownLatch(1);
      long begin = System.nanoTime();
      lastNanos = begin;
      var receiver = Thread.ofPlatform().name("sink").daemon().start(() -> {
        try {
          receive(sink, poller, ledger, timeline, begin);
        } finally {
          receiverEnded.countDown();
        }
      });
      long refused;
      long end;
      try {
        refused = send(capture, source, ledger, begin);
        end = System.nanoTime();
        awaitStragglers(ledger, end);
      } finally {
        receiverEnds = true;
        poller.wake();
        receiverEnded.await();
        receiver.join();
      }
      long dropped = SocketDrops.of(sink.address().getPort()) - dropsBefore;
      return account(capture, ledger, timeline, new Sent(refused, dropped, (end - begin) / 1e9));
    }
  }

  private static InetSocketAddress any(InetSocketAddress like) throws PortException {
    try {
      var wildcard = like.getAddress() instanceof Inet4Address ? new byte[4] : new byte[16];
      return new InetSocketAddress(InetAddress.getByAddress(wildcard), 0);
    } catch (UnknownHostException impossible) {
      throw PortException.failed(impossible.getMessage(), impossible);
    }
  }

  // ---- sender

  /** Returns how many packets the kernel refused to send. */
  private long send(Capture capture, Port source, Ledger ledger, long begin) {
    var to = source.destination(plan.to);
    var packet = Packet.of(capture.memory());
    int frames = capture.count();
    long limit = plan.loops == 0 ? Long.MAX_VALUE : plan.loops * frames;
    long deadline = plan.seconds == 0 ? Long.MAX_VALUE : begin + Math.round(plan.seconds * 1e9);
    var pace = new Pace(begin, ledger);
    long refused = 0;
    long sequence = 0;
    while (!stopped && sequence < limit) {
      long now = System.nanoTime();
      if (now >= deadline) {
        break;
      }
      int frame = (int) (sequence % frames);
      // A frame's octets are needed until the flush: no batch may have one twice.
      int n = (int) Math.min(Math.min(pace.due(sequence, now), BURST), Math.min(frames - frame, limit - sequence));
      if (n <= 0) {
        LockSupport.parkNanos(TICK_NANOS);
        continue;
      }
      long loop = sequence / frames;
      for (int i = 0; i < n; i++) {
        capture.shift(frame + i, loop);
      }
      long sent = System.nanoTime();
      for (int i = 0; i < n; i++) {
        ledger.sent(sequence + i, sent);
      }
      sequence += n;
      ledger.publish(sequence);
      for (int i = frame; i < frame + n; i++) {
        var each = capture.frame(i);
        packet.window(capture.memory(), each.at(), each.length(), each.at());
        packet.hash = each.hash();
        if (packet.hash == 0) {
          // An ICMP error keeps its place behind the flow that it is about, as on the wire.
          packet.flags |= Packet.ORDERED;
        }
        source.send(packet, to);
      }
      refused += source.flush();
    }
    return refused;
  }

  /** How many packets may go now. */
  private final class Pace {
    private final Ledger ledger;
    private long origin;
    private long originSequence;
    // Of a window: what had come when it was last seen to move, and when that was.
    private long seen;
    private long seenNanos;
    private long givenUp;

    Pace(long begin, Ledger ledger) {
      this.ledger = ledger;
      origin = begin;
      seenNanos = begin;
    }

    long due(long sequence, long now) {
      return plan.pps > 0 ? byClock(sequence, now) : byWindow(sequence, now);
    }

    private long byClock(long sequence, long now) {
      long due = Math.round((now - origin) * (double) plan.pps / 1e9) - (sequence - originSequence);
      if (due > BURST && due > LATE_NANOS * plan.pps / 1_000_000_000) {
        origin = now;
        originSequence = sequence;
        return BURST;
      }
      return due;
    }

    private long byWindow(long sequence, long now) {
      long come = ledger.received();
      if (come != seen) {
        seen = come;
        seenNanos = now;
      }
      long out = sequence - come - givenUp;
      if (out >= WINDOW && now - seenNanos > STALLED_NANOS) {
        givenUp += out;
        seenNanos = now;
        out = 0;
      }
      return out <= WINDOW - BURST || out < 0 ? Math.max(WINDOW - out, 0) : 0;
    }
  }

  private void awaitStragglers(Ledger ledger, long end) {
    long last = Math.max(end, lastNanos);
    // Who is missing may be held up by a transfer or a busy machine; who comes twice comes soon.
    for (long now = end; now - end < STRAGGLERS_NANOS
        && (now - last < QUIET_NANOS || !stopped && ledger.received() < ledger.published()); now = System.nanoTime()) {
      LockSupport.parkNanos(5 * TICK_NANOS);
      last = Math.max(end, lastNanos);
    }
  }

  // ---- receiver

  private void receive(Port sink, Poller poller, Ledger ledger, Timeline timeline, long begin) {
    try (var pool = new PacketPool(Batch.SIZE)) {
      var batch = new Batch(pool);
      var tunnel = new NshVxlanGpe();
      var fingerprint = new Fingerprint();
      long step = begin + Timeline.STEP_NANOS;
      int steps = 0;
      while (true) {
        boolean last = receiverEnds;
        int n = sink.receive(batch);
        for (int i = 0; i < n; i++) {
          take(batch.get(i), tunnel, fingerprint, ledger, timeline);
        }
        batch.clear();
        long now = System.nanoTime();
        if (n > 0) {
          lastNanos = now;
        }
        for (; now >= step; step += Timeline.STEP_NANOS) {
          timeline.endStep(ledger.published());
          if (++steps % 10 == 0) {
            follower.accept(progress(steps / 10, ledger, timeline));
          }
        }
        if (n == 0) {
          if (last) {
            timeline.endStep(ledger.published());
            return;
          }
          poller.await(RECEIVE_MILLIS);
        }
      }
    }
  }

  private static void take(Packet packet, NshVxlanGpe tunnel, Fingerprint fingerprint, Ledger ledger,
      Timeline timeline) {
    // What still has a path has left the chain before its end.
    if (tunnel.decapsulate(packet) != 0 || packet.spi != 0 || Parser.parse(packet) != 0) {
      ledger.stray();
      return;
    }
    if (ledger.received(packet, fingerprint.of(packet), packet.receivedNanos) == Ledger.Verdict.EXPECTED) {
      timeline.record(ledger.delayNanos());
    }
  }

  // ---- account

  private static Map<String, Object> progress(int seconds, Ledger ledger, Timeline timeline) {
    var line = new LinkedHashMap<String, Object>();
    line.put("seconds", seconds);
    long sent = ledger.published();
    line.put("sent", sent);
    line.put("received", ledger.received());
    line.put("out", Math.max(0, sent - ledger.received()));
    line.put("duplicated", ledger.duplicated());
    line.put("reordered", ledger.reordered());
    line.put("latency_us", timeline.endSecond());
    return line;
  }

  private record Sent(long refused, long sinkDropped, double seconds) {
  }

  private Map<String, Object> account(Capture capture, Ledger ledger, Timeline timeline, Sent sent) {
    long packets = ledger.published() - sent.refused;
    long missing = Math.max(0, packets - ledger.received());
    var result = new LinkedHashMap<String, Object>();
    result.put("sent", packets);
    result.put("received", ledger.received());
    result.put("lost", Math.max(0, missing - sent.sinkDropped));
    result.put("duplicated", ledger.duplicated());
    result.put("reordered", ledger.reordered());
    result.put("latency_us", timeline.latency());
    result.put("flows", flows(capture, ledger.published()));
    result.put("foreign", ledger.foreign());
    result.put("refused", sent.refused);
    result.put("sink_dropped", Math.min(missing, sent.sinkDropped));
    result.put("skipped", capture.skipped());
    result.put("seconds", Math.round(sent.seconds * 1000) / 1000.0);
    result.put("pps", Math.round(packets / Math.max(1e-9, sent.seconds)));
    var lost = missing == 0 ? List.<Object>of() : ledger.missing(20).stream().<Object>map(sequence -> {
      var one = new LinkedHashMap<String, Object>();
      one.put("frame", sequence % capture.count() + 1);
      one.put("loop", sequence / capture.count());
      return one;
    }).toList();
    result.put("missing", lost);
    result.put("series", timeline.series());
    return result;
  }

  /** Flows that were begun: those of whole loops, and of the last one those that a packet was sent of. */
  private static long flows(Capture capture, long sent) {
    var last = new BitSet();
    int rest = (int) (sent % capture.count());
    for (int i = 0; i < rest; i++) {
      if (capture.frame(i).side() >= 0) {
        last.set(capture.frame(i).side() / 2);
      }
    }
    return sent / capture.count() * capture.flows() + last.cardinality();
  }
}
