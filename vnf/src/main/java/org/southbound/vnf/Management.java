// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.util.List;
import java.util.Map;

/** The management endpoints of a running instance: NETCONF, SNMP and the metrics page. */
interface Management extends AutoCloseable {
  /** What makes the endpoints of an instance. */
  @FunctionalInterface
  interface Starter {
    /** Begins with what needs no instance, on a thread of its own, and returns at once. */
    Prepared prepare(Settings settings);
  }

  /** Endpoints that wait for their instance. */
  @FunctionalInterface
  interface Prepared {
    /**
     * Applies the stored configuration to the instance, which takes no packets yet, listens, and keeps the flags that were
     * {@code given} for a first start. Throws StartException with one line that says what to do; then nothing listens any
     * more, and a first start has left nothing behind that the next would go by.
     */
    Management start(Instance instance, Map<String, List<String>> given) throws StartException, InterruptedException;
  }

  /** Where they listen, with real ports: {@code netconf}, {@code tls}, {@code snmp}, {@code metrics} of the ready line. */
  Map<String, String> addresses();

  /** Saves what must survive, and ends; the instance still runs. */
  @Override
  void close();
}
