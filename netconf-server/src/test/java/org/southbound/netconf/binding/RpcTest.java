// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.southbound.api.ApiException;
import org.southbound.nf.Config;

class RpcTest {
  /** What would have to be ignored is refused. */
  @ParameterizedTest
  @CsvSource({"TRACE_CHAIN, direction, reverse", "DRAIN, deadline, 5", "MARK_LAST_IN_TRANSIT, label, 7"})
  void shouldRefuseParametersThatItCannotHonour(Rpc.Name rpc, String leaf, String value) {
    var input = new Config(Map.of(leaf, value), Map.of(), Map.of(), Map.of());
    ApiException refusal = assertThrows(ApiException.class, () -> rpc.read(input));
    assertEquals("operation-not-supported", refusal.tag());
    assertEquals(leaf, refusal.path());
  }
}
