// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.southbound.netconf.session.Session;

/** A way to carry NETCONF. The server is the server of SSH or TLS whoever connects (RFC 8071 section 3). */
interface Transport extends AutoCloseable {
  /**
   * A call that was answered: the session that the client opened.
   *
   * @param whenEnded runs what it is given when the connection is gone, at once if it is
   */
  record Call(Session session, Consumer<Runnable> whenEnded) {
  }

  /**
   * Listens.
   *
   * @param address port 0 picks a free one
   * @param terms asked for each connection
   * @return where it listens, with the port in use
   */
  InetSocketAddress listen(InetSocketAddress address, Supplier<? extends Terms> terms) throws IOException;

  /** Takes no more connections at an address that {@link #listen} returned; those that are there go on. */
  void unlisten(InetSocketAddress bound);

  /**
   * Connects to a client, which then authenticates and opens a session, or does not.
   *
   * @param from own address, or null for any
   * @param patience for the connection to be made; to authenticate the client has the usual grace
   */
  CompletableFuture<Call> call(InetSocketAddress to, InetSocketAddress from, Supplier<? extends Terms> terms,
      Duration patience);

  /** Ends all connections. */
  @Override
  void close() throws IOException;
}
