// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import org.southbound.netconf.access.AccessControl;
import org.southbound.netconf.access.DefaultPolicy;
import org.southbound.netconf.access.Users;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.schema.Schema;

/**
 * What a server needs to start.
 *
 * @param home folder of the host key ({@code host-key}) and the stored configuration ({@code running.xml}); must exist
 * @param listen port 0 picks a free one
 */
public record NetconfConfig(Path home, InetSocketAddress listen, Schema schema, Users users, AccessControl access,
        Durability durability, Limits limits, InstantSource clock) {

    /**
     * What a client may take from the server.
     *
     * @param messageBytes greatest message
     * @param sessions most sessions at a time
     * @param events most notifications kept for replay and for slow subscribers
     * @param eventBytes their total size
     */
    public record Limits(int messageBytes, int sessions, int events, long eventBytes) {
        public static final Limits DEFAULT = new Limits(16 << 20, 256, 4096, 8 << 20);
    }

    /** With the default policy, limits and clock, each commit synced. */
    public NetconfConfig(Path home, InetSocketAddress listen, Schema schema, Users users) {
        this(home, listen, schema, users, new DefaultPolicy(), Durability.SYNC, Limits.DEFAULT, InstantSource.system());
    }
}
