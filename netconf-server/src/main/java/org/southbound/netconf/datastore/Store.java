// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.io.IOException;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;

/** Where running outlives the process. */
public interface Store extends AutoCloseable {
    /** Keeps a configuration. When it returns, the configuration is as safe as the store promises. One caller at a time. */
    void save(ContainerNode tree) throws IOException;

    /** Writes what is still to be written. */
    @Override
    void close() throws IOException;
}
