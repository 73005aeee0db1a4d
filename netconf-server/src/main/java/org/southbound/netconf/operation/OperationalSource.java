// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.session.Session;

/**
 * State data below one top-level container. Asked for each get whose filter may select it, on a thread that may wait, though not
 * for long.
 */
public interface OperationalSource {
  /** The container with state data in it, and the keys of the list entries it belongs to; null if there is none. */
  ContainerNode read(Session reader);

  /** Identity of ietf-origin for the configuration nodes that it adds: system, learned. */
  default String origin() {
    return "system";
  }
}
