// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import jdk.net.ExtendedSocketOptions;
import org.southbound.netconf.session.Limits;

/**
 * NETCONF over TLS with certificates on both sides (RFC 7589), on a few threads. What handshakes compute is done by threads of
 * their own, so that many handshakes hold up no session.
 */
final class TlsTransport implements Transport {
  private static final int THREADS = 2;

  final Opener opener;
  final Supplier<Limits> limits;
  final Strangers strangers;
  private final MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(THREADS,
      Thread.ofPlatform().daemon().name("netconf-tls-", 0).factory(), NioIoHandler.newFactory());
  private final ThreadPoolExecutor handshakes;
  private final Map<InetSocketAddress, Channel> listening = new ConcurrentHashMap<>();

  TlsTransport(Opener opener, Supplier<Limits> limits, Strangers strangers) {
    this.opener = opener;
    this.limits = limits;
    this.strangers = strangers;
    int count = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    handshakes = new ThreadPoolExecutor(count, count, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
        Thread.ofPlatform().daemon().name("netconf-tls-handshake-", 0).factory());
    handshakes.allowCoreThreadTimeOut(true);
  }

  @Override
  public InetSocketAddress listen(InetSocketAddress address, Supplier<? extends Terms> terms) throws IOException {
    ChannelFuture bound = new ServerBootstrap().group(loops).channel(NioServerSocketChannel.class)
        .option(ChannelOption.SO_REUSEADDR, true).childHandler(connection(terms, null)).bind(address)
        .awaitUninterruptibly();
    if (bound.cause() != null) {
      throw bound.cause() instanceof IOException e ? e : new IOException(bound.cause().getMessage(), bound.cause());
    }
    var local = (InetSocketAddress) bound.channel().localAddress();
    listening.put(local, bound.channel());
    return local;
  }

  @Override
  public void unlisten(InetSocketAddress bound) {
    Channel channel = listening.remove(bound);
    if (channel != null) {
      channel.close().awaitUninterruptibly();
    }
  }

  @Override
  public CompletableFuture<Call> call(InetSocketAddress to, InetSocketAddress from, Supplier<? extends Terms> terms,
      Duration patience) {
    var outcome = new CompletableFuture<Call>();
    new Bootstrap().group(loops).channel(NioSocketChannel.class)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) patience.toMillis()).handler(connection(terms, outcome))
        .connect(to, from).addListener(future -> {
          if (!future.isSuccess()) {
            outcome.completeExceptionally(future.cause());
          }
        });
    return outcome;
  }

  private ChannelInitializer<SocketChannel> connection(Supplier<? extends Terms> supplier,
      CompletableFuture<Call> outcome) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(SocketChannel channel) {
        var terms = (Terms.Tls) supplier.get();
        channel.config().setTcpNoDelay(true);
        keepalive(channel, terms.keepalive());
        var ssl = new SslHandler(terms.context().newEngine(channel.alloc()), handshakes);
        ssl.setHandshakeTimeoutMillis(limits.get().grace().toMillis());
        channel.pipeline().addLast(ssl, new TlsConnection(TlsTransport.this, ssl, terms,
            () -> supplier.get().idleSeconds(), outcome));
      }
    };
  }

  private static void keepalive(SocketChannel channel, Terms.Keepalive keepalive) {
    if (keepalive != null) {
      channel.config().setKeepAlive(true);
      channel.config().setOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE), keepalive.idle());
      channel.config().setOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL), keepalive.interval());
      channel.config().setOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT), keepalive.probes());
    }
  }

  @Override
  public void close() {
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    handshakes.shutdownNow();
  }
}
