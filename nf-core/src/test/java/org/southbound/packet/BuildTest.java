// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class BuildTest {
  @Test
  void shouldRunOnJava25() {
    assertEquals(25, Runtime.version().feature());
  }
}
