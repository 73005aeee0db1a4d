// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfConfig;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.datastore.Datastores.Writer;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.session.SessionTimes;

class SessionConfigTest {
  @TempDir
  Path home;

  private static void configure(NetconfServer server, long lockSeconds, List<String> certificates)
      throws NetconfException {
    var nf = new TreeBuilder(server.schema().node("/southbound-nf:nf")).container("management",
        management -> management.container("netconf",
            netconf -> netconf.leaf("maximum-session-time", 60).leaf("lock-timeout", lockSeconds)
                .entry("url-destination", each -> each.leaf("host", "backup.example").leaf("port", 443)
                    .leaves("ca-certificate", certificates))));
    server.datastores().editRunning(Writer.SYSTEM,
        before -> new TreeBuilder(server.schema().root()).put(nf.build()).build());
  }

  @Test
  void shouldSetTimesAsConfigured() throws Exception {
    try (var server = TestServer.create(home, Durability.BATCHED, NetconfConfig.Limits.DEFAULT)) {
      server.datastores().subscribe(new SessionConfig(server));
      assertEquals(SessionTimes.ENDLESS, server.sessions().times());
      configure(server, 5, List.of());
      var times = new SessionTimes(Duration.ofMinutes(1), Duration.ofSeconds(5));
      assertEquals(times, server.sessions().times());
      var refused = assertThrows(NetconfException.class, () -> configure(server, 6, List.of("MAA=")));
      assertEquals(ErrorTag.INVALID_VALUE, refused.tag());
      assertEquals(times, server.sessions().times());
    }
  }
}
