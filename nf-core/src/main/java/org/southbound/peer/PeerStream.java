// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import java.time.Duration;

/**
 * A stream to a peer, as a plain loop uses it from a virtual thread. Blocking is the flow control: a sender waits while
 * the peer is slow, and what is not received yet is bounded. {@link #send} may be called from several threads,
 * {@link #receive} from one.
 *
 * @param <O> messages that go out
 * @param <I> messages that come in
 */
public interface PeerStream<O, I> extends AutoCloseable {
  /** Longest silence where an answer is due. */
  Duration STEP = Duration.ofSeconds(10);

  /** Name of the peer, proved by its certificate; of a stream that we opened, the name that we asked for. */
  String peer();

  /**
   * Sends, waiting while the connection is full. What {@code bytes} fields wrap may change after the return, once
   * anything has been received on the stream; before that it may not.
   *
   * @throws PeerException the stream has ended, or was full for {@link #STEP}
   */
  void send(O message) throws PeerException;

  /**
   * The next message; null when the peer has sent its last one and closed well. The {@code bytes} in it are this
   * caller's to keep.
   *
   * @throws PeerException nothing came in time ({@code southbound:peer-unreachable}, the stream is then cut), or the
   *     stream has ended with an error
   */
  I receive(Duration timeout) throws PeerException;

  /** No more will be sent; receiving goes on. */
  void finish();

  /** Ends the stream: cuts it unless both sides have finished. Safe to call twice. */
  @Override
  void close();
}
