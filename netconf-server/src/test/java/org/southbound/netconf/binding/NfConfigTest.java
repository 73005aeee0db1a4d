// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.api.VnfApi;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.datastore.FileStore;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.Schema;
import org.southbound.nf.Specification;

class NfConfigTest {
  private static ContainerNode ofType(Schema schema, String type) {
    var nf = new TreeBuilder(schema.node("/southbound-nf:nf")).leaf("type", type);
    return new TreeBuilder(schema.root()).put(nf.build()).build();
  }

  @Test
  void shouldRefuseAnotherType() throws Exception {
    Schema schema = TestServer.schema();
    var specification = new Specification("monitor", "test", "test", "1", "", List.of(), List.of(), List.of(), true);
    var vnf = (VnfApi) Proxy.newProxyInstance(VnfApi.class.getClassLoader(), new Class<?>[]{VnfApi.class},
        (proxy, method, arguments) -> switch (method.getName()) {
          case "specification" -> specification;
          case "configure" -> (Runnable) () -> {
          };
          default -> throw new AssertionError(method);
        });
    var unit = new NfConfig(vnf, schema.node("/southbound-nf:nf"), config -> {
    }, peers -> {
    });
    var monitor = ofType(schema, "monitor");
    unit.prepare(FileStore.empty(schema), monitor);
    unit.prepare(monitor, ofType(schema, "monitor"));
    unit.prepare(monitor, FileStore.empty(schema));
    NetconfException refusal = assertThrows(NetconfException.class,
        () -> unit.prepare(monitor, ofType(schema, "firewall")));
    assertEquals("southbound:type-mismatch", refusal.appTag());
    assertEquals("/southbound-nf:nf/southbound-nf:type", refusal.path());
  }
}
