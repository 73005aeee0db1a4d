// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.access.PasswordHash;
import org.southbound.netconf.access.Users;
import org.southbound.netconf.datastore.FileStore;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.Schema;

class UserConfigTest {
  private static ContainerNode configured(Schema schema, String password) {
    var nf = new TreeBuilder(schema.node("/southbound-nf:nf")).container("management", management -> management
        .entry("user", user -> user.leaf("name", "root").leaf("password", PasswordHash.of(password))));
    return new TreeBuilder(schema.root()).put(nf.build()).build();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldLetAConfiguredPasswordReplaceTheFirstUnlessOneWasGiven(boolean given) throws Exception {
    Schema schema = TestServer.schema();
    var users = new Users();
    var first = new Users.Account("root", Set.of("ops"), PasswordHash.of("first"), Set.of());
    var unit = new UserConfig(schema, users, first, given);
    unit.prepare(FileStore.empty(schema), configured(schema, "second"));
    unit.apply();
    assertEquals(given, users.password("root", "first"));
    assertEquals(!given, users.password("root", "second"));
    assertEquals(Set.of("ops"), users.user("root").groups());
    unit.prepare(FileStore.empty(schema), FileStore.empty(schema));
    unit.apply();
    assertEquals(true, users.password("root", "first"));
    assertEquals(false, users.password("root", "second"));
  }
}
