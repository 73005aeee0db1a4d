// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import org.southbound.netconf.access.Users;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.schema.Schema;

/**
 * What a server needs to start.
 *
 * @param home folder of the host key ({@code host-key}) and the stored configuration ({@code running.xml},
 *     {@code startup.xml}), with the files that url names in the folder {@code files}; must exist
 * @param listen SSH; port 0 picks a free one; null: {@link NetconfServer#transports} are told otherwise
 */
public record NetconfConfig(Path home, InetSocketAddress listen, Schema schema, Users users,
    Durability durability, Limits limits, InstantSource clock) {

  /**
   * What clients may take from the server.
   *
   * @param access what may change while it runs
   * @param events most notifications kept for replay and for slow subscribers
   * @param eventBytes their total size
   */
  public record Limits(org.southbound.netconf.session.Limits access, int events, long eventBytes) {
    public static final Limits DEFAULT = new Limits(org.southbound.netconf.session.Limits.DEFAULT, 4096, 8 << 20);

    /**
     * The default but for these.
     *
     * @param messageBytes greatest message
     * @param sessions most sessions at a time
     */
    public Limits(int messageBytes, int sessions, int events, long eventBytes) {
      this(org.southbound.netconf.session.Limits.DEFAULT.with(sessions, messageBytes), events, eventBytes);
    }
  }

  /** With default limits and clock, each commit synced. */
  public NetconfConfig(Path home, InetSocketAddress listen, Schema schema, Users users) {
    this(home, listen, schema, users, Durability.SYNC, Limits.DEFAULT, InstantSource.system());
  }
}
