// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StrangersTest {
  private final List<String> dropped = new ArrayList<>();
  private final Strangers strangers = new Strangers(() -> 3);

  private void add(String name, String from) throws Exception {
    strangers.add(name, InetAddress.getByName(from), () -> dropped.add(name));
  }

  @Test
  void shouldDropTheOldestOfTheNetworkThatHasTheMost() throws Exception {
    add("guest", "192.0.2.1");
    add("a1", "2001:db8::1");
    add("a2", "2001:db8::ffff:2"); // the same /64
    add("a3", "2001:db8::3");
    add("a4", "2001:db8::4");
    assertEquals(List.of("a1", "a2"), dropped);
    assertEquals(3, strangers.count());
  }

  @Test
  void shouldForgetWhoHasASession() throws Exception {
    add("a", "192.0.2.1");
    add("b", "192.0.2.1");
    strangers.remove("a");
    add("c", "192.0.2.1");
    add("d", "192.0.2.1");
    assertEquals(List.of(), dropped);
    add("e", "192.0.2.1");
    assertEquals(List.of("b"), dropped);
  }

  @Test
  void shouldDropTheSilentFirst() throws Exception {
    add("slow", "192.0.2.1");
    strangers.engaged("slow");
    add("a", "192.0.2.1");
    add("b", "192.0.2.1");
    add("c", "192.0.2.1");
    assertEquals(List.of("a"), dropped);
    strangers.engaged("b");
    strangers.engaged("c");
    add("d", "192.0.2.9");
    assertEquals(List.of("a", "d"), dropped, "the only one that is silent");
    strangers.remove("c");
    add("e", "192.0.2.9");
    strangers.engaged("e");
    assertEquals(2, dropped.size());
  }
}
