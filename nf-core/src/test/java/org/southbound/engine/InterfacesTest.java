// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.southbound.io.Namespaces;
import org.southbound.io.Port;
import org.southbound.io.PortException;
import org.southbound.io.Ports;
import org.southbound.nf.Firewall;
import org.southbound.nf.Monitor;
import org.southbound.nf.NetworkFunction;
import org.southbound.packet.Drop;

/** Frames and connections of real hosts through workers that have interfaces and TUN devices as ports. */
@Timeout(120)
class InterfacesTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final int JUMBO = 9000;
  private static final int FILE_OCTETS = 100 << 20;
  private static final int FRAMES_FOR_RING = 20_000;

  /** Sends the frames, one line of hexadecimal digits each. */
  private static final String SEND = """
      import socket, sys
      s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
      s.bind((sys.argv[1], 0))
      for line in sys.stdin:
          s.send(bytes.fromhex(line))
      """;
  /** Prints so many frames from the test's MAC address, with the VLAN tag that the kernel took off. */
  private static final String RECEIVE = """
      import socket, struct, sys
      s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
      s.setsockopt(263, 8, 1)
      s.bind((sys.argv[1], 3))
      s.settimeout(20)
      print("ready", flush=True)
      n = 0
      while n < int(sys.argv[2]):
          frame, more, flags, address = s.recvmsg(70000, 1000)
          status, length, snap, mac, net, tci, tpid = struct.unpack("IIIHHHH", more[0][2])
          if status & 16:
              frame = frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
          if frame[6:12] == bytes.fromhex("0200000099aa"):
              print(frame.hex(), flush=True)
              n += 1
      """;

  /** Asks for so many echoes; prints how many came back as they were, and how long the fastest took, microseconds. */
  private static final String PING = """
      import os, socket, struct, sys, time
      def checksum(octets):
          total = sum(struct.unpack("!%dH" % (len(octets) // 2), octets))
          while total >> 16:
              total = (total & 0xffff) + (total >> 16)
          return ~total & 0xffff
      s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
      s.settimeout(5)
      data, times = os.urandom(1000), []
      for i in range(int(sys.argv[2])):
          head = struct.pack("!BBHHH", 8, 0, 0, 77, i)
          sum_ = checksum(head + data)
          begin = time.monotonic()
          s.sendto(struct.pack("!BBHHH", 8, 0, sum_, 77, i) + data, (sys.argv[1], 0))
          while True:
              reply = s.recv(2000)[20:]
              if reply[0] == 0 and struct.unpack("!HH", reply[4:8]) == (77, i) and reply[8:] == data:
                  break
          times.append(time.monotonic() - begin)
          time.sleep(0.01)
      print(len(times), round(min(times) * 1e6))
      """;

  @TempDir
  private Path folder;
  private Namespaces hosts;
  private final List<Worker> workers = new ArrayList<>();

  @BeforeEach
  void open() {
    hosts = new Namespaces();
  }

  @AfterEach
  void close() {
    workers.forEach(Worker::stopReceiving);
    workers.forEach(Worker::close);
    hosts.close();
  }

  private Port port(String spec, boolean shared) throws Exception {
    return Namespaces.enter(hosts.middle,
        () -> Ports.open(spec, new Ports.Options(Ports.Direction.BOTH, "--ingress", shared)));
  }

  private Port tunnel(int port, boolean shared) throws Exception {
    return Namespaces.enter(hosts.middle, () -> Ports.udp("data", new InetSocketAddress(LOOPBACK, port),
        new Ports.Options(Ports.Direction.BOTH, "--data-port", shared)));
  }

  private Worker worker(NetworkFunction nf) throws Exception {
    var worker = new Worker(Integer.toString(workers.size()), nf, Worker.Sizes.DEFAULT);
    worker.nf().configure(worker.nf().rehearsal()).run();
    workers.add(worker);
    return worker;
  }

  /** So many workers between two ports. */
  private void between(String a, String b, int count, Supplier<NetworkFunction> nf) throws Exception {
    int number = 0;
    for (int i = 0; i < count; i++) {
      var data = tunnel(number, count > 1);
      number = data.address().getPort();
      worker(nf.get()).data(data);
    }
    Worker.join(workers);
    for (var worker : workers) {
      var ingress = port(a, count > 1);
      var egress = port(b, count > 1);
      worker.input(ingress);
      worker.input(egress);
      worker.egress(egress, null);
      worker.back(ingress, null);
    }
    workers.forEach(Worker::start);
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, what);
      LockSupport.parkNanos(1_000_000);
    }
  }

  private long sum(java.util.function.ToLongFunction<WorkerCounters> counter) {
    return workers.stream().mapToLong(worker -> counter.applyAsLong(worker.counters())).sum();
  }

  private void assertBalanced() {
    await("the books balance", () -> sum(each -> each.received.get() + each.generated.get()) == sum(
        each -> each.sent.get() + each.dropped() + each.held.get()));
  }

  // ---- frames

  /** Sends frames at one host; returns what comes at the other. */
  private List<String> through(List<String> frames, String from, String fromPort, String to, String toPort)
      throws IOException, InterruptedException {
    var receiver = hosts.background(to, "python3", "-c", RECEIVE, toPort, Integer.toString(frames.size()));
    var output = receiver.inputReader();
    assertEquals("ready", output.readLine());
    var sender = hosts.background(from, "python3", "-c", SEND, fromPort);
    try (var in = sender.getOutputStream()) {
      in.write(String.join("\n", frames).getBytes(StandardCharsets.US_ASCII));
    }
    var received = output.lines().toList();
    receiver.waitFor();
    return received;
  }

  private static String frame(String type, int length, int seed) {
    byte[] rest = new byte[length - 12 - type.length() / 2];
    new Random(seed).nextBytes(rest);
    return "0200000000bb" + "0200000099aa" + type + HexFormat.of().formatHex(rest);
  }

  /** IPv4 and UDP with a right length, so that the parser follows; all else as it comes. */
  private static String udp(String tags, int length, int seed) {
    int ip = length - 14 - tags.length() / 2;
    var head = String.format("0800" + "4500%04x0000000040110000" + "0a4d00010a4d0002" + "%04x0035%04x0000", ip,
        1000 + seed, ip - 20);
    return frame(tags + head, length, seed);
  }

  private static List<String> frames() {
    return List.of(udp("", 60, 1), udp("", 61, 2), udp("", 1514, 3), udp("", JUMBO + 14, 4), udp("81000064", 64, 5),
        udp("8100e065", 1518, 6), udp("88a8000a81000064", 200, 7), udp("81000064", JUMBO + 18, 8),
        frame("0806" + "0001080006040001", 60, 9), frame("8847", 100, 10), frame("88cc", 60, 11),
        frame("0026" + "4242", 60, 12));
  }

  @ParameterizedTest
  @CsvSource({"1", "2"})
  void shouldForwardFramesByteForByte(int count) throws Exception {
    Namespaces.assumeProgram("python3");
    hosts.wired(JUMBO);
    between("if:f0", "if:f1", count, Monitor::new);
    var there = through(frames(), hosts.client, "c0", hosts.server, "s0");
    assertEquals(sorted(frames()), sorted(there));
    var back = through(frames(), hosts.server, "s0", hosts.client, "c0");
    assertEquals(sorted(frames()), sorted(back));
    assertBalanced();
    assertEquals(0, sum(WorkerCounters::dropped));
  }

  /** Frames of different flows may overtake each other. */
  private static List<String> sorted(List<String> frames) {
    var all = new ArrayList<>(frames);
    Collections.sort(all);
    return all;
  }

  @Test
  void shouldNotReceiveWhatItSends() throws Exception {
    Namespaces.assumeProgram("python3");
    hosts.wired(1500);
    between("if:f0", "if:f1", 1, Monitor::new);
    through(List.of(udp("", 100, 1), udp("", 100, 2)), hosts.client, "c0", hosts.server, "s0");
    assertEquals(2, sum(each -> each.received.get()));
  }

  /** The kernel has no place for more than the ring: what is lost is told. */
  @Test
  void shouldCountWhatTheRingLost() throws Exception {
    Namespaces.assumeProgram("python3");
    hosts.wired(1500);
    var worker = worker(new Monitor());
    worker.data(tunnel(0, false));
    worker.input(port("if:f0", false));
    var data = udp("", 1500, 1);
    var sender = hosts.background(hosts.client, "python3", "-c", SEND, "c0");
    try (var in = sender.getOutputStream()) {
      for (int i = 0; i < FRAMES_FOR_RING; i++) {
        in.write((data + "\n").getBytes(StandardCharsets.US_ASCII));
      }
    }
    sender.waitFor();
    worker.start();
    await("all frames are known", () -> sum(each -> each.received.get()) == FRAMES_FOR_RING);
    long lost = sum(each -> each.drops(Drop.RING_FULL));
    assertTrue(lost > 0 && lost < FRAMES_FOR_RING, lost + " lost");
    assertBalanced();
  }

  @Test
  void shouldGoOnWhenTheInterfaceWasDown() throws Exception {
    Namespaces.assumeProgram("python3");
    hosts.wired(1500);
    between("if:f0", "if:f1", 1, Monitor::new);
    Namespaces.run("ip", "-n", hosts.middle, "link", "set", "f0", "down");
    Namespaces.run("ip", "-n", hosts.middle, "link", "set", "f0", "up");
    ping();
    assertBalanced();
  }

  // ---- connections

  private void ping() {
    Namespaces.assumeProgram("python3");
    var answer = Namespaces.in(hosts.client, "python3", "-c", PING, "10.77.0.2", "10");
    assertTrue(answer.startsWith("10 "), answer);
  }

  /** A server that has a file, and its SHA-256. */
  private String serve() throws Exception {
    Namespaces.assumeProgram("python3");
    Namespaces.assumeProgram("curl");
    var file = folder.resolve("file");
    Namespaces.run("sh", "-c", "head -c " + FILE_OCTETS + " /dev/urandom > " + file);
    hosts.background(hosts.server, "python3", "-m", "http.server", "--directory", folder.toString(), "8080");
    await("the server listens", () -> Namespaces.in(hosts.server, "ss", "-ltn").contains(":8080"));
    return Namespaces.run("sha256sum", file.toString()).substring(0, 64);
  }

  private void download(String sum) {
    var out = Namespaces.in(hosts.client, "sh", "-c",
        "curl -sf --retry 3 --retry-all-errors --connect-timeout 10 --max-time 50 http://10.77.0.2:8080/file | sha256sum");
    assertEquals(sum, out.substring(0, 64));
    assertBalanced();
  }

  @ParameterizedTest
  @CsvSource({"monitor, 1", "firewall, 1", "firewall, 2"})
  void shouldCarryADownload(String function, int count) throws Exception {
    hosts.wired(1500);
    var sum = serve();
    between("if:f0", "if:f1", count, function.equals("monitor") ? Monitor::new : Firewall::new);
    ping();
    download(sum);
    if (count == 1) {
      assertTrue(sum(each -> each.received.get()) < FILE_OCTETS / 10_000, "frames stay whole");
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "2"})
  void shouldCarryADownloadByTun(int count) throws Exception {
    Namespaces.assumeTun();
    var sum = serve();
    between("tun:t0", "tun:t1", count, Firewall::new);
    tun("t0", hosts.client, "10.77.0.1", "10.77.0.2");
    tun("t1", hosts.server, "10.77.0.2", "10.77.0.1");
    ping();
    download(sum);
  }

  private void tun(String device, String host, String address, String other) {
    Namespaces.run("ip", "-n", hosts.middle, "link", "set", device, "netns", host);
    Namespaces.run("ip", "-n", host, "addr", "add", address, "peer", other, "dev", device);
    Namespaces.run("ip", "-n", host, "link", "set", device, "up");
  }

  /** There and back through two workers each: long frames are cut for the tunnel, and their checksums done. */
  @Test
  void shouldCompleteWhatEntersATunnel() throws Exception {
    hosts.wired(1500);
    var sum = serve();
    oneWay("if:f0", "if:f1");
    oneWay("if:f1", "if:f0");
    ping();
    download(sum);
    assertTrue(sum(each -> each.generated.get()) > FILE_OCTETS / 3000, "segments count as generated");
  }

  private void oneWay(String from, String to) throws Exception {
    var first = worker(new Monitor());
    var second = worker(new Monitor());
    var entrance = tunnel(0, false);
    var exit = tunnel(0, false);
    first.data(entrance);
    first.input(port(from, false));
    first.egress(entrance, exit.address());
    second.data(exit);
    second.egress(port(to, false), null);
    first.start();
    second.start();
  }

  // ---- what cannot be opened

  private String refusal(String spec) {
    var failure = assertThrows(java.util.concurrent.ExecutionException.class, () -> port(spec, false));
    assertTrue(failure.getCause() instanceof PortException, String.valueOf(failure.getCause()));
    return failure.getCause().getMessage();
  }

  @Test
  void shouldSayWhyAPortCannotBeOpened() throws Exception {
    Namespaces.assumeTun();
    hosts.wired(1500);
    assertEquals("there is no interface 'nope'; correct --ingress", refusal("if:nope"));
    Namespaces.run("ip", "-n", hosts.middle, "link", "set", "f1", "down");
    assertEquals("interface f1 is down; bring it up: ip link set f1 up", refusal("if:f1"));
    assertTrue(refusal("tun:f0").contains("another kind"), refusal("tun:f0"));
    assertTrue(refusal("tun:a-name-that-is-too-long").contains("15"), "a long name");
    try (var tun = port("tun:t0", false)) {
      assertTrue(refusal("tun:t0").contains("another program has it"), tun.name());
      Namespaces.run("ip", "-n", hosts.middle, "link", "set", "t0", "up");
      assertTrue(refusal("if:t0").contains("no Ethernet"), "an interface without Ethernet");
    }
  }
}
