// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.peer.v1.Failure;
import org.southbound.peer.v1.PeerGrpc;
import org.southbound.peer.v1.PrepareChainReply;
import org.southbound.peer.v1.ReplicationFromStandby;
import org.southbound.peer.v1.Reply;
import org.southbound.peer.v1.SteerReply;
import org.southbound.peer.v1.MarkReply;
import org.southbound.peer.v1.TransferFromDestination;

/**
 * Takes other NFs' calls and gives them to a {@link PeerHandler}, each on a virtual thread. Only peers that
 * {@link Trust} believes get past the handshake, and each call asks again.
 */
public final class PeerServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PeerServer.class);
  private static final Context.Key<String> PEER = Context.key("peer");
  private static final Attributes.Key<String> NAME = Attributes.Key.create("peer");

  private final Trust trust;
  private final PeerHandler handler;
  private final PeerListener listener;
  private final MultiThreadIoEventLoopGroup loop = new MultiThreadIoEventLoopGroup(1,
      new DefaultThreadFactory("peer-server", true), NioIoHandler.newFactory());
  private final Server server;

  /**
   * Listens on {@code address}; port 0 takes a free one.
   *
   * @throws TrustException the port is in use, or TLS cannot start
   */
  public PeerServer(InetSocketAddress address, Trust trust, PeerHandler handler, PeerListener listener)
      throws TrustException {
    this.trust = trust;
    this.handler = handler;
    this.listener = listener;
    server = NettyServerBuilder.forAddress(address).bossEventLoopGroup(loop).workerEventLoopGroup(loop)
        .channelFactory(Accepting::new).sslContext(PeerTls.server(trust)).flowControlWindow(Peers.WINDOW_BYTES)
        .maxInboundMessageSize(Calls.MESSAGE_BYTES).maxInboundMetadataSize(8 << 10)
        .maxConcurrentCallsPerConnection(256).handshakeTimeout(5, TimeUnit.SECONDS).keepAliveTime(5, TimeUnit.SECONDS)
        .keepAliveTimeout(5, TimeUnit.SECONDS).permitKeepAliveTime(5, TimeUnit.SECONDS)
        .permitKeepAliveWithoutCalls(true)
        .directExecutor()
        .addTransportFilter(new Watch()).addService(ServerInterceptors.intercept(service(), new Authentication()))
        .build();
    try {
      server.start();
    } catch (IOException e) {
      var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
      throw new TrustException("cannot listen for peers on " + address.getHostString() + ":" + address.getPort() + " ("
          + Peers.rootMessage(e) + "): name another --peer-port or --address", e);
    }
  }

  /** TCP port in use. */
  public int port() {
    return server.getPort();
  }

  /** Ends what is under way within a second. */
  @Override
  public void close() {
    server.shutdown();
    try {
      server.awaitTermination(500, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    server.shutdownNow();
    var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  // ---- calls ----

  private ServerServiceDefinition service() {
    return ServerServiceDefinition.builder(PeerGrpc.SERVICE_NAME)
        .addMethod(PeerGrpc.getDescribeMethod(), unary((peer, request) -> handler.describe(peer), null))
        .addMethod(PeerGrpc.getPrepareChainMethod(),
            unary(
                (peer, request) -> PrepareChainReply.newBuilder().setAccepted(handler.prepareChain(peer, request))
                    .build(),
                failure -> PrepareChainReply.newBuilder().setFailure(failure).build()))
        .addMethod(PeerGrpc.getConfirmChainMethod(), step(handler::confirmChain))
        .addMethod(PeerGrpc.getAbortChainMethod(), step(handler::abortChain))
        .addMethod(PeerGrpc.getRemoveChainMethod(), step(handler::removeChain))
        .addMethod(PeerGrpc.getChainChangedMethod(), step(handler::chainChanged))
        .addMethod(PeerGrpc.getSteerMethod(),
            unary(handler::steer, failure -> SteerReply.newBuilder().setFailure(failure).build()))
        .addMethod(PeerGrpc.getMarkLastInTransitMethod(),
            unary(handler::markLastInTransit, failure -> MarkReply.newBuilder().setFailure(failure).build()))
        .addMethod(PeerGrpc.getOutcomeMethod(),
            // A refusal here must not look like the outcome FAILED, by which the source would go on.
            unary((peer, request) -> handler.outcome(peer, request.getJob()), null))
        .addMethod(PeerGrpc.getStopReplicationMethod(),
            step((peer, request) -> handler.stopReplication(peer, request.getId())))
        .addMethod(PeerGrpc.getFenceMethod(), step(handler::fence))
        .addMethod(Calls.TRANSFER,
            stream(handler::transfer, message -> message.hasCancel() ? message.getCancel() : null,
                failure -> TransferFromDestination.newBuilder().setFailed(failure).build()))
        .addMethod(Calls.REPLICATE, stream(handler::replicate, message -> null,
            failure -> ReplicationFromStandby.newBuilder().setFailed(failure).build()))
        .build();
  }

  private interface Answer<Q, R> {
    R to(String peer, Q request) throws PeerException;
  }

  private interface Step<Q> {
    void run(String peer, Q request) throws PeerException;
  }

  private interface Conversation<O, I> {
    void run(String peer, PeerStream<O, I> stream) throws PeerException;
  }

  private static <Q> ServerCallHandler<Q, Reply> step(Step<Q> step) {
    return unary((peer, request) -> {
      step.run(peer, request);
      return Reply.getDefaultInstance();
    }, failure -> Reply.newBuilder().setFailure(failure).build());
  }

  /** @param refusal the reply that carries a Failure; null: the call has none, and a refusal is a gRPC status */
  private static <Q, R> ServerCallHandler<Q, R> unary(Answer<Q, R> answer, Function<Failure, R> refusal) {
    return ServerCalls.asyncUnaryCall((request, observer) -> {
      var peer = PEER.get();
      // A caller that is gone needs no answer, and without this an answer would throw.
      ((ServerCallStreamObserver<R>) observer).setOnCancelHandler(() -> {
      });
      Thread.ofVirtual().name("peer-call-" + peer).start(() -> answer(peer, request, observer, answer, refusal));
    });
  }

  private static <Q, R> void answer(String peer, Q request, StreamObserver<R> observer, Answer<Q, R> answer,
      Function<Failure, R> refusal) {
    R reply;
    try {
      reply = answer.to(peer, request);
    } catch (PeerException e) {
      if (refusal == null) {
        observer.onError(Status.FAILED_PRECONDITION.withDescription(e.getMessage()).asRuntimeException());
        return;
      }
      reply = refusal.apply(e.failure());
    } catch (RuntimeException e) {
      LOG.error("a call of {} failed by a fault here", peer, e);
      observer.onError(Status.INTERNAL.withDescription("fault: " + e.getClass().getSimpleName()).asRuntimeException());
      return;
    }
    observer.onNext(reply);
    observer.onCompleted();
  }

  private static <O, I> ServerCallHandler<I, O> stream(Conversation<O, I> conversation, Function<I, Failure> failures,
      Function<Failure, O> refusal) {
    return (call, headers) -> {
      var peer = PEER.get();
      var wire = new ServerWire<>(call);
      var stream = new CallStream<O, I>(peer, wire, failures);
      call.setOnReadyThreshold(Peers.READY_BYTES);
      call.sendHeaders(new Metadata());
      call.request(CallStream.WINDOW);
      Thread.ofVirtual().name("peer-stream-" + peer).start(() -> converse(conversation, stream, wire, refusal));
      return new ServerCall.Listener<>() {
        @Override
        public void onMessage(I message) {
          stream.onMessage(message);
        }

        @Override
        public void onReady() {
          stream.onReady();
        }

        @Override
        public void onHalfClose() {
          stream.onEnd(null);
        }

        @Override
        public void onCancel() {
          stream.onEnd(new PeerException(PeerException.UNREACHABLE, peer + " cut the stream", peer, 0, null));
        }
      };
    };
  }

  private static <O, I> void converse(Conversation<O, I> conversation, CallStream<O, I> stream, ServerWire<O> wire,
      Function<Failure, O> refusal) {
    try {
      conversation.run(stream.peer(), stream);
      stream.finish();
    } catch (PeerException e) {
      wire.refuse(refusal.apply(e.failure()));
    } catch (RuntimeException e) {
      LOG.error("a stream of {} failed by a fault here", stream.peer(), e);
      wire.cut("fault: " + e.getClass().getSimpleName());
    }
  }

  /** A server's call; gRPC wants one caller at a time, and none after the end. */
  private static final class ServerWire<O> implements CallStream.Wire<O> {
    private final ServerCall<?, O> call;
    private boolean closed;

    ServerWire(ServerCall<?, O> call) {
      this.call = call;
    }

    @Override
    public boolean ready() {
      return call.isReady();
    }

    @Override
    public void request(int messages) {
      call.request(messages);
    }

    @Override
    public synchronized void send(O message) {
      if (!closed && !call.isCancelled()) {
        call.sendMessage(message);
      }
    }

    synchronized void refuse(O last) {
      send(last);
      finish();
    }

    @Override
    public void finish() {
      end(Status.OK);
    }

    @Override
    public void cut(String why) {
      end(Status.ABORTED.withDescription(why));
    }

    private synchronized void end(Status status) {
      if (!closed) {
        closed = true;
        if (!call.isCancelled()) {
          call.close(status, new Metadata());
        }
      }
    }
  }

  // ---- who calls ----

  private String nameOf(SSLSession session) throws CertificateException {
    if (session == null) {
      throw new CertificateException("no TLS");
    }
    try {
      Certificate[] shown = session.getPeerCertificates();
      return trust.check(Arrays.copyOf(shown, shown.length, X509Certificate[].class));
    } catch (SSLException e) {
      throw new CertificateException("no certificate", e);
    }
  }

  /** Trust may have changed since the handshake. */
  private final class Authentication implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
        ServerCallHandler<Q, R> next) {
      try {
        var name = nameOf(call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION));
        return Contexts.interceptCall(Context.current().withValue(PEER, name), call, headers, next);
      } catch (CertificateException e) {
        call.close(Status.UNAUTHENTICATED.withDescription(e.getMessage()), new Metadata());
        return new ServerCall.Listener<>() {
        };
      }
    }
  }

  /** Reports connections. */
  private final class Watch extends ServerTransportFilter {
    @Override
    public Attributes transportReady(Attributes attributes) {
      try {
        var name = nameOf(attributes.get(Grpc.TRANSPORT_ATTR_SSL_SESSION));
        listener.connected(name);
        return attributes.toBuilder().set(NAME, name).build();
      } catch (CertificateException e) {
        LOG.warn("trust in a peer ended during its handshake: {}", e.getMessage());
        return attributes;
      }
    }

    @Override
    public void transportTerminated(Attributes attributes) {
      var name = attributes == null ? null : attributes.get(NAME);
      if (name != null) {
        listener.disconnected(name);
      }
    }
  }

  /** gRPC does not tell of handshakes that fail, so each accepted connection is watched. */
  private final class Accepting extends NioServerSocketChannel {
    @Override
    protected int doReadMessages(List<Object> accepted) throws Exception {
      int before = accepted.size();
      int count = super.doReadMessages(accepted);
      for (int i = before; i < accepted.size(); i++) {
        ((Channel) accepted.get(i)).pipeline().addLast(new Handshake());
      }
      return count;
    }
  }

  /** First in the pipeline; looks for the TLS handler when the first octets arrive, and goes. */
  private final class Handshake extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      var tls = context.pipeline().get(SslHandler.class);
      if (tls != null) {
        var address = (InetSocketAddress) context.channel().remoteAddress();
        tls.handshakeFuture().addListener(done -> {
          if (!done.isSuccess()) {
            listener.refused(address.getAddress(), PeerException.UNKNOWN, Peers.handshakeMessage(done.cause()));
          }
        });
      }
      context.pipeline().remove(this);
      context.fireChannelRead(message);
    }
  }
}
