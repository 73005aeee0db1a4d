// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.session.Link;
import org.southbound.netconf.session.Session;

/** One connection: a session's link, once the client's certificate has told its user. */
@SuppressWarnings("FutureReturnValueIgnored") // of closing: channelInactive tells when it is done
final class TlsConnection extends SimpleChannelInboundHandler<ByteBuf> implements Link {
  private static final Logger LOG = LoggerFactory.getLogger(TlsConnection.class);

  private final TlsTransport transport;
  private final SslHandler ssl;
  private final Terms.Tls terms;
  private final IntSupplier idleSeconds;
  private final CompletableFuture<Transport.Call> outcome;
  private ChannelHandlerContext context;
  private Session session;
  private int withheld; // bytes that the session has yet to take; belongs to the event loop

  /** @param outcome null, or told of the session of a call */
  TlsConnection(TlsTransport transport, SslHandler ssl, Terms.Tls terms, IntSupplier idleSeconds,
      CompletableFuture<Transport.Call> outcome) {
    this.transport = transport;
    this.ssl = ssl;
    this.terms = terms;
    this.idleSeconds = idleSeconds;
    this.outcome = outcome;
  }

  @Override
  public void channelActive(ChannelHandlerContext active) {
    context = active;
    transport.strangers.add(this, remote().getAddress(), active::close);
    active.fireChannelActive();
  }

  private InetSocketAddress remote() {
    return (InetSocketAddress) context.channel().remoteAddress();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext active, Object event) {
    if (event instanceof SslHandshakeCompletionEvent handshake) {
      if (handshake.isSuccess() && session == null) {
        secured(active);
      } else {
        if (session == null && !(handshake.cause() instanceof ClosedChannelException)) { // it said something
          LOG.info("TLS client {} refused: {}", remote(), String.valueOf(handshake.cause().getMessage()));
        }
        active.close(); // failed, or a second handshake, which RFC 9325 section 3.5 forbids
      }
    }
  }

  private void secured(ChannelHandlerContext active) {
    Optional<String> user = user();
    if (user.isEmpty()) {
      LOG.info("TLS client {} refused: no user has its certificate", remote());
      active.close();
      return;
    }
    transport.strangers.remove(this);
    session = transport.opener.open(user.get(), remote().getAddress().getHostAddress(), "netconf-tls", this,
        idleSeconds);
    session.start();
    if (outcome != null) {
      outcome.complete(new Transport.Call(session,
          ended -> active.channel().closeFuture().addListener(closed -> ended.run())));
    }
  }

  private Optional<String> user() {
    try {
      List<X509Certificate> chain = Arrays.stream(ssl.engine().getSession().getPeerCertificates())
          .map(X509Certificate.class::cast).toList();
      return terms.names().user(terms.trust().path(chain));
    } catch (SSLPeerUnverifiedException e) {
      return Optional.empty();
    }
  }

  @Override
  protected void channelRead0(ChannelHandlerContext active, ByteBuf in) {
    if (session == null) {
      return;
    }
    byte[] bytes = new byte[in.readableBytes()];
    in.readBytes(bytes);
    withheld += bytes.length - session.receive(bytes, 0, bytes.length);
    active.channel().config().setAutoRead(withheld == 0);
  }

  @Override
  public void credit(int bytes) {
    context.executor().execute(() -> {
      withheld -= bytes;
      context.channel().config().setAutoRead(withheld == 0);
    });
  }

  @Override
  public void write(byte[] bytes, int offset, int count, Consumer<Throwable> written) {
    context.writeAndFlush(Unpooled.wrappedBuffer(bytes, offset, count))
        .addListener(future -> written.accept(future.cause()));
  }

  @Override
  public void close(boolean orderly) {
    if (orderly) {
      context.close();
    } else {
      context.pipeline().firstContext().close(); // without a word to a peer that may not listen
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext gone) {
    transport.strangers.remove(this);
    if (session != null) {
      session.ended();
    }
    if (outcome != null) {
      outcome.completeExceptionally(new IOException("the client did not open a session"));
    }
    gone.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext active, Throwable cause) {
    LOG.debug("connection lost", cause);
    active.close();
  }
}
