// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.util.List;
import java.util.Map;

/** The management endpoints of a running instance: NETCONF, SNMP and the metrics page. */
interface Management extends AutoCloseable {
  /** No endpoints at all. */
  Starter NONE = (instance, settings, given) -> new Management() {
    @Override
    public Map<String, String> addresses() {
      return Map.of();
    }

    @Override
    public void close() {
    }
  };

  /** Starts the endpoints. */
  @FunctionalInterface
  interface Starter {
    /**
     * Applies the stored configuration to the instance, which takes no packets yet, listens, and keeps the flags that were
     * {@code given} for a first start. Throws StartException with one line that says what to do; then nothing listens any
     * more, and a first start has left nothing behind that the next would go by.
     */
    Management start(Instance instance, Settings settings, Map<String, List<String>> given) throws StartException;
  }

  /** Where they listen, with real ports: {@code netconf}, {@code tls}, {@code snmp}, {@code metrics} of the ready line. */
  Map<String, String> addresses();

  /** Saves what must survive, and ends; the instance still runs. */
  @Override
  void close();
}
