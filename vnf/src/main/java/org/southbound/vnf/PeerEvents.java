// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.net.InetAddress;
import org.southbound.api.VnfApi.Event;
import org.southbound.engine.Vnf;
import org.southbound.peer.PeerListener;

/** Tells the API's listeners of connections to peers. */
final class PeerEvents implements PeerListener {
  private volatile Vnf vnf;

  /** The instance is there now. */
  void to(Vnf instance) {
    vnf = instance;
  }

  private void tell(Event event) {
    if (vnf != null) {
      vnf.tell(event);
    }
  }

  @Override
  public void connected(String peer) {
    tell(new Event.PeerChanged(peer, "", true, ""));
  }

  @Override
  public void disconnected(String peer) {
    tell(new Event.PeerChanged(peer, "", false, ""));
  }

  @Override
  public void refused(InetAddress address, String appTag, String message) {
    tell(new Event.PeerChanged("", address.getHostAddress(), false, appTag));
  }
}
