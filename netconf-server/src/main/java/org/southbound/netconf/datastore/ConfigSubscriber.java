// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.List;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.YangNode;

/**
 * Someone that running configures. A commit asks every subscriber that it concerns to prepare, in order of subscription; if all agree and the
 * configuration is stored, all apply; if one refuses, those that had agreed roll back in reverse order, and nothing has
 * happened. One commit at a time; the calls of a commit come from one thread that may wait.
 */
public interface ConfigSubscriber {
  /** The top nodes of the model that it reads: commits that leave them alone do not concern it. Empty: every commit does. */
  default List<YangNode> parts() {
    return List.of();
  }

  /** Checks and reserves what {@code after} needs; refuses by throwing. Neither tree is null. */
  void prepare(ContainerNode before, ContainerNode after) throws NetconfException;

  /** Makes what was prepared effective; must not fail. */
  void apply();

  /** Forgets what was prepared; must not fail. */
  void rollback();
}
