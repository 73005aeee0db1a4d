// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import java.net.InetSocketAddress;
import org.southbound.packet.Packet;

/**
 * Where packets come in and go out. Owned by one worker thread, which calls receive, send and flush in turn; received
 * packets are windows into the port's buffers and stay valid until the next {@link #receive}.
 */
public interface Port extends AutoCloseable {
  /** Name in configuration, metrics and messages. */
  String name();

  /** Takes packets off the wire into the batch, as many as are there and fit; returns how many. Never blocks. */
  int receive(Batch batch);

  /** Whether what it gives and takes are tunnel packets (VXLAN-GPE behind UDP) or bare Ethernet frames. */
  boolean tunnel();

  /** Someone packets can be sent to; made once and kept. A port that has one other side ignores the address. */
  Destination destination(InetSocketAddress address);

  /** Queues a packet. Its bytes must stay as they are until {@link #flush} has returned. */
  void send(Packet packet, Destination destination);

  /** Sends what is queued; returns how many packets the kernel or the medium refused (a counted loss). */
  int flush();

  /** File descriptor to wait on, or -1: the port is always ready, or never. */
  int descriptor();

  /** Whether nothing will come any more: a file that has been read to its end. */
  default boolean ended() {
    return false;
  }

  @Override
  void close();

  /**
   * Somebody on the other side.
   *
   * @param address the address, null where the medium has one other side
   * @param number number within the port, from 0: packets are grouped by it
   */
  record Destination(InetSocketAddress address, int number) {
  }
}
