// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import java.net.InetAddress;

/** Hears of connections; becomes the notification {@code peer-changed}. Called on any thread, must not block. */
public interface PeerListener {
  /** A connection with {@code peer} has opened, in either direction; there may be several at a time. */
  void connected(String peer);

  /** One of the connections with {@code peer} has closed. */
  void disconnected(String peer);

  /**
   * An NF was refused, or refused us, during the handshake.
   *
   * @param address its address
   * @param appTag southbound:unknown-peer or southbound:peer-refused
   * @param message why, in one line
   */
  void refused(InetAddress address, String appTag, String message);

  /** Hears nothing. */
  PeerListener NONE = new PeerListener() {
    @Override
    public void connected(String peer) {
    }

    @Override
    public void disconnected(String peer) {
    }

    @Override
    public void refused(InetAddress address, String appTag, String message) {
    }
  };
}
