// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;

/**
 * Someone that running configures. A commit asks every subscriber to prepare, in order of subscription; if all agree and the
 * configuration is stored, all apply; if one refuses, those that had agreed roll back in reverse order, and nothing has
 * happened. One commit at a time; the calls of a commit come from one thread that may wait.
 */
public interface ConfigSubscriber {
    /** Checks and reserves what {@code after} needs; refuses by throwing. Neither tree is null. */
    void prepare(ContainerNode before, ContainerNode after) throws NetconfException;

    /** Makes what was prepared effective; must not fail. */
    void apply();

    /** Forgets what was prepared; must not fail. */
    void rollback();
}
