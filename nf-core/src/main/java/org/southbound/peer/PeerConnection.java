// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import org.southbound.peer.v1.ChainChange;
import org.southbound.peer.v1.ChainReference;
import org.southbound.peer.v1.DescribeRequest;
import org.southbound.peer.v1.Description;
import org.southbound.peer.v1.Endpoint;
import org.southbound.peer.v1.Failure;
import org.southbound.peer.v1.FenceRequest;
import org.southbound.peer.v1.MarkReply;
import org.southbound.peer.v1.MarkRequest;
import org.southbound.peer.v1.OutcomeReply;
import org.southbound.peer.v1.OutcomeRequest;
import org.southbound.peer.v1.PeerGrpc;
import org.southbound.peer.v1.PrepareChainAccepted;
import org.southbound.peer.v1.PrepareChainRequest;
import org.southbound.peer.v1.ReplicationFromSource;
import org.southbound.peer.v1.ReplicationFromStandby;
import org.southbound.peer.v1.Reply;
import org.southbound.peer.v1.SteerReply;
import org.southbound.peer.v1.SteerRequest;
import org.southbound.peer.v1.StopReplicationRequest;
import org.southbound.peer.v1.TransferFromDestination;
import org.southbound.peer.v1.TransferFromSource;

/** The one implementation of {@link PeerClient}: a gRPC channel that is kept connected. */
final class PeerConnection implements PeerClient {
  // Deadlines of southbound_peer.proto.
  private static final Duration SHORT = Duration.ofSeconds(2);
  private static final Duration MEDIUM = Duration.ofSeconds(5);
  private static final Duration LONG = Duration.ofSeconds(10);
  private static final int DEFAULT_TIMEOUT_MILLIS = 5000;
  /** The same for all: the certificate's name is what counts. */
  private static final String AUTHORITY = "southbound.peer";

  private final Endpoint endpoint;
  private final Trust trust;
  private final PeerListener listener;
  private final EventLoopGroup loop;
  private final SslContext tls;
  private ManagedChannel channel;
  private int generation;
  /** A call found no connection; gRPC tells it before the channel's state does. */
  private volatile boolean failed;
  /** Of the peer at the other end now; null if it was not asked, or may be another one. */
  private volatile Description description;
  private boolean closed;

  PeerConnection(Endpoint endpoint, Trust trust, PeerListener listener, EventLoopGroup loop) throws TrustException {
    this.endpoint = endpoint;
    this.trust = trust;
    this.listener = listener;
    this.loop = loop;
    tls = PeerTls.client(trust, endpoint.getNf());
  }

  @Override
  public String name() {
    return endpoint.getNf();
  }

  private String label() {
    return endpoint.getNf().isEmpty() ? where() : endpoint.getNf();
  }

  private String where() {
    return endpoint.getHost() + ":" + endpoint.getPeerPort();
  }

  /** Begins to connect. */
  synchronized void open() {
    if (closed) {
      return;
    }
    generation = trust.generation();
    failed = false;
    description = null;
    channel = NettyChannelBuilder.forAddress(endpoint.getHost(), endpoint.getPeerPort()).eventLoopGroup(loop)
        .channelType(NioSocketChannel.class, InetSocketAddress.class).sslContext(tls).overrideAuthority(AUTHORITY)
        .directExecutor().disableRetry().flowControlWindow(Peers.WINDOW_BYTES)
        .maxInboundMessageSize(Calls.MESSAGE_BYTES)
        .keepAliveTime(10, TimeUnit.SECONDS).keepAliveTimeout(5, TimeUnit.SECONDS).keepAliveWithoutCalls(true)
        .idleTimeout(365, TimeUnit.DAYS).build();
    watch(channel, channel.getState(true), false);
  }

  /** Reports the connection's coming and going, and has it made again when the peer closes it. */
  private void watch(ManagedChannel watched, ConnectivityState state, boolean wasReady) {
    boolean ready = state == ConnectivityState.READY;
    if (!ready) {
      description = null;
    }
    if (ready != wasReady && !name().isEmpty()) {
      if (ready) {
        listener.connected(name());
      } else {
        listener.disconnected(name());
      }
    }
    if (state != ConnectivityState.SHUTDOWN) {
      watched.notifyWhenStateChanged(state, () -> watch(watched, watched.getState(true), ready));
    }
  }

  /**
   * The channel to use now. One that waits before it tries again is replaced, so that a call to a peer that came back
   * does not wait, and one to a peer that is gone fails at once. So is one from before trust changed.
   */
  private synchronized ManagedChannel channel() throws PeerException {
    if (closed) {
      throw new PeerException(PeerException.UNREACHABLE, "this instance is stopping", name(), 0, null);
    }
    var state = channel == null ? ConnectivityState.SHUTDOWN : channel.getState(true);
    if (state == ConnectivityState.SHUTDOWN || state == ConnectivityState.TRANSIENT_FAILURE
        || (failed && state != ConnectivityState.READY) || generation != trust.generation()) {
      if (channel != null) {
        channel.shutdown();
      }
      open();
    }
    return channel;
  }

  synchronized void close() {
    closed = true;
    if (channel != null) {
      channel.shutdownNow();
    }
  }

  // ---- calls ----

  private <Q, R> R call(MethodDescriptor<Q, R> method, Q request, Duration deadline) throws PeerException {
    var options = CallOptions.DEFAULT.withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS);
    try {
      return ClientCalls.blockingUnaryCall(channel(), method, options, request);
    } catch (StatusRuntimeException e) {
      throw problem(e.getStatus(), method.getBareMethodName());
    }
  }

  private <R> R checked(R reply, boolean failed, Failure failure) throws PeerException {
    if (failed) {
      throw PeerException.of(failure, name());
    }
    return reply;
  }

  private <Q> void step(MethodDescriptor<Q, Reply> method, Q request, Duration deadline) throws PeerException {
    var reply = call(method, request, deadline);
    checked(reply, reply.hasFailure(), reply.getFailure());
  }

  private PeerException problem(Status status, String call) {
    if (status.getCode() == Status.Code.UNAVAILABLE) {
      failed = true;
    }
    for (Throwable cause = status.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof Trust.Refused) {
        return refused(PeerException.UNKNOWN, "refused " + where() + ": " + cause.getMessage(), status);
      }
      if (cause instanceof SSLException && cause.getMessage() != null
          && (cause.getMessage().contains("alert") || cause.getMessage().contains("ALERT"))) {
        return refused(PeerException.REFUSED, label() + " at " + where() + " does not trust this instance ("
            + Peers.handshakeMessage(cause) + "): share a trust folder, enroll, or configure our fingerprint there",
            status);
      }
    }
    var reason = status.getCause() == null ? status.getDescription() : Peers.rootMessage(status.getCause());
    return switch (status.getCode()) {
      case UNAVAILABLE, CANCELLED, ABORTED -> new PeerException(PeerException.UNREACHABLE,
          label() + " at " + where() + " cannot be reached: " + reason, name(), 0, status.asException());
      case DEADLINE_EXCEEDED -> new PeerException(PeerException.UNREACHABLE,
          label() + " at " + where() + " did not answer " + call + " in time", name(), 0, status.asException());
      default -> new PeerException(PeerException.REFUSED,
          label() + " refused " + call + ": " + status.getCode() + (reason == null ? "" : " " + reason), name(), 0,
          status.asException());
    };
  }

  private PeerException refused(String appTag, String message, Status status) {
    listener.refused(new InetSocketAddress(endpoint.getHost(), endpoint.getPeerPort()).getAddress(), appTag, message);
    return new PeerException(appTag, message, name(), 0, status.asException());
  }

  private <O, I> PeerStream<O, I> stream(MethodDescriptor<O, I> method, Function<I, Failure> failures)
      throws PeerException {
    ClientCall<O, I> call = channel().newCall(method, CallOptions.DEFAULT.withOnReadyThreshold(Peers.READY_BYTES));
    var stream = new CallStream<O, I>(name(), new ClientWire<>(call), failures);
    call.start(new ClientCall.Listener<>() {
      @Override
      public void onMessage(I message) {
        stream.onMessage(message);
      }

      @Override
      public void onReady() {
        stream.onReady();
      }

      @Override
      public void onClose(Status status, Metadata trailers) {
        stream.onEnd(status.isOk() ? null : problem(status, method.getBareMethodName()));
      }
    }, new Metadata());
    call.request(CallStream.WINDOW);
    return stream;
  }

  /** @param call which wants one caller at a time; CallStream's lock sees to it */
  private record ClientWire<O>(ClientCall<O, ?> call) implements CallStream.Wire<O> {
    @Override
    public boolean ready() {
      return call.isReady();
    }

    @Override
    public void request(int messages) {
      call.request(messages);
    }

    @Override
    public void send(O message) {
      call.sendMessage(message);
    }

    @Override
    public void finish() {
      call.halfClose();
    }

    @Override
    public void cut(String why) {
      call.cancel(why, null);
    }
  }

  @Override
  public Description describe() throws PeerException {
    return call(PeerGrpc.getDescribeMethod(), DescribeRequest.getDefaultInstance(), SHORT);
  }

  @Override
  public Description description() throws PeerException {
    var known = description;
    if (known == null || channel().getState(false) != ConnectivityState.READY) {
      known = describe();
      description = known;
    }
    return known;
  }

  @Override
  public PrepareChainAccepted prepareChain(PrepareChainRequest request) throws PeerException {
    int millis = request.getTimeoutMillis() == 0 ? DEFAULT_TIMEOUT_MILLIS : request.getTimeoutMillis();
    var reply = call(PeerGrpc.getPrepareChainMethod(), request, Duration.ofMillis(millis));
    return checked(reply.getAccepted(), !reply.hasAccepted(), reply.getFailure());
  }

  @Override
  public void confirmChain(ChainReference chain) throws PeerException {
    step(PeerGrpc.getConfirmChainMethod(), chain, LONG);
  }

  @Override
  public void abortChain(ChainReference chain) throws PeerException {
    step(PeerGrpc.getAbortChainMethod(), chain, LONG);
  }

  @Override
  public void removeChain(ChainReference chain) throws PeerException {
    step(PeerGrpc.getRemoveChainMethod(), chain, LONG);
  }

  @Override
  public void chainChanged(ChainChange change) throws PeerException {
    step(PeerGrpc.getChainChangedMethod(), change, MEDIUM);
  }

  @Override
  public SteerReply steer(SteerRequest request) throws PeerException {
    var reply = call(PeerGrpc.getSteerMethod(), request, MEDIUM);
    return checked(reply, reply.hasFailure(), reply.getFailure());
  }

  @Override
  public MarkReply markLastInTransit(MarkRequest request) throws PeerException {
    int millis = request.getTimeoutMillis() == 0 ? DEFAULT_TIMEOUT_MILLIS : request.getTimeoutMillis();
    var reply = call(PeerGrpc.getMarkLastInTransitMethod(), request, Duration.ofMillis(millis).plusSeconds(1));
    return checked(reply, reply.hasFailure(), reply.getFailure());
  }

  @Override
  public OutcomeReply outcome(String job) throws PeerException {
    return call(PeerGrpc.getOutcomeMethod(), OutcomeRequest.newBuilder().setJob(job).build(), SHORT);
  }

  @Override
  public PeerStream<TransferFromSource, TransferFromDestination> transfer() throws PeerException {
    return stream(Calls.TRANSFER, message -> message.hasFailed() ? message.getFailed() : null);
  }

  @Override
  public PeerStream<ReplicationFromSource, ReplicationFromStandby> replicate() throws PeerException {
    return stream(Calls.REPLICATE, message -> message.hasFailed() ? message.getFailed() : null);
  }

  @Override
  public void stopReplication(String id) throws PeerException {
    step(PeerGrpc.getStopReplicationMethod(), StopReplicationRequest.newBuilder().setId(id).build(), MEDIUM);
  }

  @Override
  public void fence(FenceRequest request) throws PeerException {
    step(PeerGrpc.getFenceMethod(), request, SHORT);
  }
}
