// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.util.Map;
import java.util.function.Consumer;
import org.southbound.api.VnfApi;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.NetconfServer;
import org.southbound.nf.Config;

/** Binds a NETCONF server to an instance's API: configuration, calls, state data and notifications. */
public final class Management implements AutoCloseable {
  private final EventNotifications events;
  private final ChainConfig chains;

  /**
   * Brings what is configured in force, and binds the calls; the server may be started afterwards.
   *
   * @param instance takes the configuration of the instance, now and after each change
   * @param peers takes the peers that the configuration names, now and after each change
   * @param ports management ports in use, by the name of their container below {@code management}; may be filled later
   * @throws NetconfException the stored configuration is refused
   */
  public Management(NetconfServer server, VnfApi vnf, Consumer<Config> instance,
      Consumer<Map<String, Endpoint>> peers, Map<String, Integer> ports) throws NetconfException {
    server.datastores().subscribe(new NfConfig(vnf, server.schema().node("/southbound-nf:nf"), instance, peers));
    chains = new ChainConfig(server, vnf);
    new VnfBinding(server, vnf, chains);
    new StateData(server, vnf, chains, ports);
    events = new EventNotifications(server.notifications());
    vnf.listen(events);
  }

  @Override
  public void close() {
    chains.close();
    events.close();
  }
}
