// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.net.InetSocketAddress;

/**
 * An address to listen on.
 *
 * @param name for humans, and for {@link Transports#address}
 * @param path instance-identifier of the configuration it comes from, for errors; may be null
 * @param flag what the user changes when the port cannot be had at the start, or null
 * @param address port 0: a free one
 */
public record Endpoint(String name, String path, String flag, InetSocketAddress address, Terms terms) {
  /** The same socket serves this and another endpoint with an equal key, one after the other. */
  Object key() {
    return java.util.List.of(terms instanceof Terms.Ssh ? "ssh" : "tls", address, address.getPort() == 0 ? name : "");
  }
}
