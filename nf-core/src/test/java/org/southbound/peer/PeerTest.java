// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.UnsafeByteOperations;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.southbound.peer.v1.ChainChange;
import org.southbound.peer.v1.ChainReference;
import org.southbound.peer.v1.Chunk;
import org.southbound.peer.v1.DescribeRequest;
import org.southbound.peer.v1.Description;
import org.southbound.peer.v1.Endpoint;
import org.southbound.peer.v1.FenceRequest;
import org.southbound.peer.v1.MarkRequest;
import org.southbound.peer.v1.OutcomeReply;
import org.southbound.peer.v1.PeerGrpc;
import org.southbound.peer.v1.PrepareChainAccepted;
import org.southbound.peer.v1.PrepareChainRequest;
import org.southbound.peer.v1.SteerRequest;
import org.southbound.peer.v1.TransferEnd;
import org.southbound.peer.v1.TransferFromDestination;
import org.southbound.peer.v1.TransferFromSource;
import org.southbound.peer.v1.TransferImported;
import org.southbound.peer.v1.TransferPrepare;
import org.southbound.peer.v1.TransferPrepared;

/** The protocol over real TLS on the loopback interface. */
@Timeout(60)
class PeerTest {
  private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final Duration SOON = Duration.ofSeconds(5);

  @TempDir
  Path folder;
  private final List<AutoCloseable> opened = new ArrayList<>();
  private final RecordingListener heard = new RecordingListener();

  @AfterEach
  void close() throws Exception {
    for (var each : opened.reversed()) {
      each.close();
    }
  }

  private Trust shared(String name) throws TrustException {
    return Trust.open(name, folder.resolve("home-" + name), folder.resolve("trust"), InstantSource.system());
  }

  private Trust alone(String name) throws TrustException {
    return Trust.open(name, folder.resolve("home-" + name), null, InstantSource.system());
  }

  private PeerServer serve(InetSocketAddress address, Trust trust, PeerHandler handler) throws TrustException {
    var server = new PeerServer(address, trust, handler, heard);
    opened.add(server);
    return server;
  }

  private PeerClient call(Trust trust, String name, int port) throws PeerException {
    return call(trust, name, port, PeerListener.NONE);
  }

  private PeerClient call(Trust trust, String name, int port, PeerListener listener) throws PeerException {
    var peers = new Peers(trust, listener);
    opened.add(peers);
    return peers.client(endpoint(name, port));
  }

  private static Endpoint endpoint(String name, int port) {
    return Endpoint.newBuilder().setNf(name).setHost("127.0.0.1").setPeerPort(port).build();
  }

  @Test
  void shouldCallEveryMethodUnderTheProvedName() throws Exception {
    var handler = new RecordingHandler("fw1");
    var server = serve(ANY_PORT, shared("fw1"), handler);
    var client = call(shared("mon1"), "fw1", server.port());
    var chain = ChainReference.newBuilder().setChain("c").build();

    assertEquals("fw1", client.describe().getNf());
    var prepared = client
        .prepareChain(PrepareChainRequest.newBuilder().addProtocols("nsh-vxlan-gpe").setSpi(5).build());
    assertEquals("nsh-vxlan-gpe", prepared.getProtocol());
    client.confirmChain(chain);
    client.abortChain(chain);
    client.removeChain(chain);
    client.chainChanged(ChainChange.newBuilder().setChangedBy("x").build());
    assertEquals(1, client.steer(SteerRequest.newBuilder().setFrom("f").build()).getPaths());
    assertEquals(1, client.markLastInTransit(MarkRequest.newBuilder().setSource("s").build()).getMarks());
    assertEquals(OutcomeReply.State.OWNED, client.outcome("j").getState());
    client.stopReplication("r");
    client.fence(FenceRequest.newBuilder().setEpoch(3).build());
    try (var stream = client.transfer()) {
      assertNull(stream.receive(SOON));
    }
    try (var stream = client.replicate()) {
      assertNull(stream.receive(SOON));
    }
    assertEquals(List.of("mon1 describe", "mon1 prepareChain 5", "mon1 confirmChain c", "mon1 abortChain c",
        "mon1 removeChain c", "mon1 chainChanged x", "mon1 steer f", "mon1 markLastInTransit s", "mon1 outcome j",
        "mon1 stopReplication r", "mon1 fence 3", "mon1 transfer", "mon1 replicate"), handler.calls);
    heard.await("connected mon1");
  }

  @Test
  void shouldCarryARefusalWithTagAndHop() throws Exception {
    var server = serve(ANY_PORT, shared("fw1"), new RecordingHandler("fw1") {
      @Override
      public PrepareChainAccepted prepareChain(String peer, PrepareChainRequest request) throws PeerException {
        throw new PeerException("southbound:no-common-protocol", "speaks vlan only").at(3, "ids9");
      }

      @Override
      public OutcomeReply outcome(String peer, String job) throws PeerException {
        throw new PeerException("southbound:unknown-job", "the job of another");
      }

      @Override
      public void confirmChain(String peer, ChainReference chain) {
        throw new IllegalStateException("a bug");
      }
    });
    var client = call(shared("mon1"), "fw1", server.port());

    var refused = assertThrows(PeerException.class,
        () -> client.prepareChain(PrepareChainRequest.getDefaultInstance()));
    assertEquals("southbound:no-common-protocol", refused.appTag());
    assertEquals("speaks vlan only", refused.getMessage());
    assertEquals("ids9", refused.nf());
    assertEquals(3, refused.position());
    // Not an outcome, or the source would believe it.
    assertEquals(PeerException.REFUSED, assertThrows(PeerException.class, () -> client.outcome("j")).appTag());
    var fault = assertThrows(PeerException.class, () -> client.confirmChain(ChainReference.getDefaultInstance()));
    assertEquals(PeerException.REFUSED, fault.appTag());
    assertEquals("fw1", client.describe().getNf());
  }

  @Test
  void shouldRefuseAnotherAuthority() throws Exception {
    var handler = new RecordingHandler("fw1");
    var server = serve(ANY_PORT, shared("fw1"), handler);
    var stranger = Trust.open("fw2", folder.resolve("home-x"), folder.resolve("other"), InstantSource.system());

    // The stranger does not trust the server, and says so.
    var refused = assertThrows(PeerException.class, call(stranger, "fw1", server.port())::describe);
    assertEquals(PeerException.UNKNOWN, refused.appTag(), refused.getMessage());
    // It trusts the server, but not the reverse.
    stranger.configure(List.of(new Trust.Peer("fw1", List.of(shared("fw1").fingerprint()), null)), Map.of());
    var other = assertThrows(PeerException.class, call(stranger, "fw1", server.port())::describe);
    assertEquals(PeerException.REFUSED, other.appTag(), other.getMessage());
    assertTrue(heard.await("refused 127.0.0.1 southbound:unknown-peer nobody").contains("fw2"));
    assertEquals(List.of(), handler.calls);
  }

  @Test
  void shouldRefuseWithoutCertificate() throws Exception {
    var handler = new RecordingHandler("fw1");
    var server = serve(ANY_PORT, shared("fw1"), handler);
    var channel = NettyChannelBuilder.forAddress("127.0.0.1", server.port()).sslContext(GrpcSslContexts.forClient()
        .trustManager(InsecureTrustManagerFactory.INSTANCE).endpointIdentificationAlgorithm("").build()).build();
    opened.add(channel::shutdownNow);

    var stub = PeerGrpc.newBlockingStub(channel).withDeadlineAfter(5, TimeUnit.SECONDS);
    assertThrows(StatusRuntimeException.class, () -> stub.describe(DescribeRequest.getDefaultInstance()));
    assertTrue(heard.await("refused").endsWith("it shows no certificate"));
    assertEquals(List.of(), handler.calls);
  }

  @Test
  void shouldGoByFingerprints() throws Exception {
    var one = alone("one");
    var two = alone("two");
    var handler = new RecordingHandler("two");
    var server = serve(ANY_PORT, two, handler);
    one.configure(List.of(new Trust.Peer("two", List.of(two.fingerprint().toLowerCase(java.util.Locale.ROOT)), null)),
        Map.of());
    var client = call(one, "two", server.port());

    // Two knows another certificate of one.
    two.configure(List.of(new Trust.Peer("one", List.of(two.fingerprint()), null)), Map.of());
    assertEquals(PeerException.REFUSED, assertThrows(PeerException.class, client::describe).appTag());
    assertTrue(heard.await("refused").contains("configured fingerprints are others"));
    // Its name is the configured one, not the one in the certificate.
    two.configure(List.of(new Trust.Peer("uno", List.of(one.fingerprint()), null)), Map.of());
    client.describe();
    assertEquals(List.of("uno describe"), handler.calls);
    // Trust that ends, ends for open connections too.
    two.configure(List.of(), Map.of());
    assertEquals(PeerException.REFUSED, assertThrows(PeerException.class, client::describe).appTag());
  }

  @Test
  void shouldGoByConfiguredAuthorities() throws Exception {
    var server = serve(ANY_PORT, shared("fw1"), new RecordingHandler("fw1"));
    var authority = Authority.open(folder.resolve("trust"), InstantSource.system().instant()).certificate();
    var outside = alone("outside");
    var fw1 = call(outside, "fw1", server.port());

    outside.configure(List.of(new Trust.Peer("fw2", List.of(), "ours")), Map.of("ours", List.of(authority)));
    assertEquals(PeerException.UNKNOWN, assertThrows(PeerException.class, fw1::describe).appTag());
    outside.configure(List.of(new Trust.Peer("fw1", List.of(), "ours")), Map.of("ours", List.of(authority)));
    assertEquals(PeerException.REFUSED, assertThrows(PeerException.class, fw1::describe).appTag());
    assertThrows(TrustException.class,
        () -> outside.configure(List.of(new Trust.Peer("fw1", List.of(), "theirs")), Map.of()));
  }

  @Test
  void shouldRefuseATrustedPeerUnderAnotherName() throws Exception {
    var server = serve(ANY_PORT, shared("fw1"), new RecordingHandler("fw1"));
    var refused = assertThrows(PeerException.class, call(shared("mon1"), "fw2", server.port())::describe);

    assertEquals(PeerException.UNKNOWN, refused.appTag());
    assertTrue(refused.getMessage().contains("it is fw1, not fw2"), refused.getMessage());
    assertEquals("fw1", call(shared("mon1"), "", server.port()).describe().getNf());
  }

  @Test
  void shouldReportADeadPeerAtOnceAndReachItWhenItReturns() throws Exception {
    var handler = new RecordingHandler("fw1");
    var trust = shared("fw1");
    var server = serve(ANY_PORT, trust, handler);
    int port = server.port();
    var listener = new RecordingListener();
    var client = call(shared("mon1"), "fw1", port, listener);
    client.describe();
    listener.await("connected fw1");

    server.close();
    listener.await("disconnected fw1");
    for (int i = 0; i < 3; i++) {
      long began = System.nanoTime();
      var dead = assertThrows(PeerException.class, client::describe);
      assertEquals(PeerException.UNREACHABLE, dead.appTag(), dead.getMessage());
      assertTrue(System.nanoTime() - began < TimeUnit.SECONDS.toNanos(1), dead.getMessage());
    }
    serve(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), trust, handler);
    assertEquals("fw1", client.describe().getNf());
  }

  @Test
  void shouldGiveUpOnASilentPeer() throws Exception {
    try (var silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      var client = call(shared("mon1"), "fw1", silent.getLocalPort());
      var request = PrepareChainRequest.newBuilder().setTimeoutMillis(300).build();
      long began = System.nanoTime();
      assertEquals(PeerException.UNREACHABLE,
          assertThrows(PeerException.class, () -> client.prepareChain(request)).appTag());
      assertTrue(System.nanoTime() - began < TimeUnit.SECONDS.toNanos(2));
    }
  }

  @Test
  void shouldEndACallWhoseServerDies() throws Exception {
    var arrived = new CountDownLatch(1);
    var never = new CountDownLatch(1);
    var server = serve(ANY_PORT, shared("fw1"), new RecordingHandler("fw1") {
      @Override
      public Description describe(String peer) throws PeerException {
        arrived.countDown();
        try {
          never.await();
        } catch (InterruptedException e) {
          throw new PeerException(PeerException.UNREACHABLE, "stopped", "", 0, e);
        }
        return super.describe(peer);
      }
    });
    var client = call(shared("mon1"), "fw1", server.port());
    var killer = Thread.ofVirtual().start(() -> {
      try {
        arrived.await();
        server.close();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
    assertEquals(PeerException.UNREACHABLE, assertThrows(PeerException.class, client::describe).appTag());
    never.countDown();
    killer.join();
  }

  @Test
  void shouldTellBothSidesWhyAStreamEnds() throws Exception {
    var destination = new LinkedBlockingQueue<PeerException>();
    var server = serve(ANY_PORT, shared("fw2"), new RecordingHandler("fw2") {
      @Override
      public void transfer(String peer, PeerStream<TransferFromDestination, TransferFromSource> stream)
          throws PeerException {
        try {
          var prepare = stream.receive(SOON).getPrepare();
          if (prepare.getNfType().equals("nat")) {
            throw new PeerException("southbound:type-mismatch", "this is a firewall");
          }
          stream.send(TransferFromDestination.newBuilder().setPrepared(TransferPrepared.getDefaultInstance()).build());
          stream.receive(SOON);
        } catch (PeerException e) {
          destination.add(e);
          throw e;
        }
      }
    });
    var client = call(shared("fw1"), "fw2", server.port());

    try (var stream = client.transfer()) {
      stream.send(prepare("nat"));
      assertEquals("southbound:type-mismatch",
          assertThrows(PeerException.class, () -> stream.receive(SOON)).appTag());
      assertEquals("southbound:type-mismatch", destination.poll(5, TimeUnit.SECONDS).appTag());
    }
    try (var stream = client.transfer()) {
      stream.send(prepare("firewall"));
      assertTrue(stream.receive(SOON).hasPrepared());
      stream.send(
          TransferFromSource.newBuilder().setCancel(new PeerException("southbound:cancelled", "by hand").failure())
              .build());
      assertEquals("southbound:cancelled", destination.poll(5, TimeUnit.SECONDS).appTag());
    }
    try (var stream = client.transfer()) {
      stream.send(prepare("firewall"));
      assertTrue(stream.receive(SOON).hasPrepared());
    }
    assertEquals(PeerException.UNREACHABLE, destination.poll(5, TimeUnit.SECONDS).appTag());
    try (var stream = client.transfer()) {
      stream.send(prepare("firewall"));
      assertTrue(stream.receive(SOON).hasPrepared());
      assertEquals(PeerException.UNREACHABLE,
          assertThrows(PeerException.class, () -> stream.receive(Duration.ofMillis(50))).appTag());
    }
    assertEquals(PeerException.UNREACHABLE, destination.poll(5, TimeUnit.SECONDS).appTag());
    try (var stream = client.transfer()) {
      stream.send(prepare("firewall"));
      assertTrue(stream.receive(SOON).hasPrepared());
      server.close();
      assertEquals(PeerException.UNREACHABLE,
          assertThrows(PeerException.class, () -> stream.receive(SOON)).appTag());
    }
    assertEquals(PeerException.UNREACHABLE, destination.poll(5, TimeUnit.SECONDS).appTag());
  }

  private static TransferFromSource prepare(String type) {
    return TransferFromSource.newBuilder().setPrepare(TransferPrepare.newBuilder().setNfType(type)).build();
  }

  @Test
  void shouldMoveAMillionRecordsUnharmed() throws Exception {
    var server = serve(ANY_PORT, shared("fw2"), new RecordingHandler("fw2") {
      @Override
      public void transfer(String peer, PeerStream<TransferFromDestination, TransferFromSource> stream)
          throws PeerException {
        var crc = new CRC32C();
        long count = 0;
        for (TransferFromSource message; (message = stream.receive(SOON)) != null;) {
          switch (message.getStepCase()) {
            case PREPARE ->
              stream.send(
                  TransferFromDestination.newBuilder().setPrepared(TransferPrepared.getDefaultInstance()).build());
            case CHUNK -> {
              count += message.getChunk().getCount();
              crc.update(message.getChunk().getRecords().asReadOnlyByteBuffer());
            }
            case END -> {
              if ((int) crc.getValue() != message.getEnd().getChecksum()) {
                throw new PeerException("southbound:checksum", "the records were harmed");
              }
              stream
                  .send(TransferFromDestination.newBuilder().setImported(TransferImported.newBuilder().addCounts(count))
                      .build());
              crc.reset();
              count = 0;
            }
            default -> throw new PeerException("southbound:option-not-applicable", "unexpected " + message);
          }
        }
      }
    });
    var client = call(shared("fw1"), "fw2", server.port());
    int size = 128;
    int records = 1_000_000;
    var buffer = new byte[256 << 10];
    var log = LoggerFactory.getLogger(PeerTest.class);
    try (var stream = client.transfer()) {
      stream.send(prepare("firewall"));
      assertTrue(stream.receive(SOON).hasPrepared());
      for (int run = 0; run < 5; run++) {
        var crc = new CRC32C();
        long began = System.nanoTime();
        for (int sent = 0; sent < records;) {
          int count = Math.min(buffer.length / size, records - sent);
          buffer[sent % buffer.length] = (byte) (sent + run);
          crc.update(buffer, 0, count * size);
          stream.send(TransferFromSource.newBuilder().setChunk(
              Chunk.newBuilder().setCount(count).setRecords(UnsafeByteOperations.unsafeWrap(buffer, 0, count * size)))
              .build());
          sent += count;
        }
        stream.send(TransferFromSource.newBuilder()
            .setEnd(TransferEnd.newBuilder().addCounts(records).setChecksum((int) crc.getValue())).build());
        assertEquals(records, stream.receive(SOON).getImported().getCounts(0));
        log.info("1M records of 128 octets over {}: {} ms", PeerTls.PROVIDER, (System.nanoTime() - began) / 1_000_000);
      }
      stream.finish();
      assertNull(stream.receive(SOON));
    }
    var nanos = new long[2000];
    for (int i = 0; i < nanos.length; i++) {
      long began = System.nanoTime();
      client.describe();
      nanos[i] = System.nanoTime() - began;
    }
    java.util.Arrays.sort(nanos, 1000, 2000);
    log.info("round trip of a unary call: median {} us, p99 {} us", nanos[1500] / 1000, nanos[1990] / 1000);
  }
}
