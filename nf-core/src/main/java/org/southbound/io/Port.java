// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import java.net.InetSocketAddress;
import org.southbound.packet.Drop;
import org.southbound.packet.Packet;

/**
 * Where packets come in and go out. Owned by one worker thread, which calls receive, send and flush in turn; received
 * packets are windows into the port's buffers and stay valid until the next {@link #receive}. Their bytes may be
 * overwritten in place, also those of tunnel headers that were pulled off.
 */
public interface Port extends AutoCloseable {
  /** Name in configuration, metrics and messages. */
  String name();

  /**
   * Takes packets off the wire into the batch, as many as are there and fit, and stamps them with
   * {@link Packet#receivedNanos}; returns how many. Never blocks.
   */
  int receive(Batch batch);

  /**
   * Takes more into the batch of what {@link #receive} already found; returns how many, 0 when that is all or the batch is
   * full. Earlier packets stay valid. So a port may hand over few packets at a time, as many as fit a cache, of the many
   * that one system call brought.
   */
  default int more(Batch batch) {
    return 0;
  }

  /**
   * Packets since the start that came in but never made it into a batch, for this reason: {@link Drop#OVERSIZE},
   * {@link Drop#TRUNCATED} of a file's frames that were cut short, or {@link Drop#RING_FULL}. They count as received and
   * dropped. Any thread.
   */
  default long discarded(Drop reason) {
    return 0;
  }

  /** Whether what it gives and takes are tunnel packets (VXLAN-GPE behind UDP) or bare Ethernet frames. */
  boolean tunnel();

  /**
   * Whether hosts are on the other side, who send and receive by the same port: then what comes in at the egress is taken
   * too, and leaves by the ingress.
   */
  default boolean twoWay() {
    return false;
  }

  /** Whether it sends packets with {@link Packet#offload}; to another port they are given complete. */
  default boolean offloads() {
    return false;
  }

  /** The address it is bound to, with the real number in place of port 0; null for what has none. */
  default InetSocketAddress address() {
    return null;
  }

  /** MAC address of an interface, 48 bits; 0 of all else. */
  default long mac() {
    return 0;
  }

  /**
   * Someone packets can be sent to; made once and kept. A port that has one other side ignores the address. Any thread.
   * Throws IllegalArgumentException for an address that this port can never send to.
   */
  Destination destination(InetSocketAddress address);

  /**
   * Queues a packet. Its bytes must stay as they are until {@link #flush} has returned; the Packet object need not.
   * Packets of equal {@link Packet#hash} (0 of what belongs to no flow) to one destination leave in the order of these
   * calls; others may be regrouped.
   * Nothing passes a {@link Packet#CONTROL} or {@link Packet#ORDERED} packet to the same destination in either direction.
   */
  void send(Packet packet, Destination destination);

  /** Sends what is queued; returns how many packets the kernel or the medium refused (a counted loss). */
  int flush();

  /** File descriptor to wait on, or -1: the port is always ready, or never. */
  int descriptor();

  /** Whether nothing will come any more: a file that has been read to its end. */
  default boolean ended() {
    return false;
  }

  /** Why it {@link #ended} too early, such as a corrupt file; null if all is well. */
  default PortException failure() {
    return null;
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
