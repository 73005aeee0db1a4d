// SPDX-License-Identifier: Apache-2.0
package org.southbound.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.southbound.packet.Packet;
import org.southbound.packet.Parsed;

class FlowTest {
  private static final long[] KEY = {1, 10, 2, 20, 1000L << 48 | 2000L << 32 | 7 << 16 | 6 << 8 | 6};

  private static Packet packet(boolean reversed) {
    var packet = Parsed.packet(6, 46, 0xabcde, KEY, reversed, 99);
    packet.add(21);
    return packet;
  }

  private static int find(RecordTable table) {
    return table.find(KEY[0], KEY[1], KEY[2], KEY[3], KEY[4], 99);
  }

  @Test
  void shouldRememberWhoBegan() {
    for (boolean reversed : new boolean[]{false, true}) {
      try (var table = new RecordTable(16, 4)) {
        var flow = new Flow();
        flow.bind(table, packet(reversed), RecordTable.ABSENT, 5);
        assertFalse(flow.exists());
        checkEnds(flow, reversed);
        assertTrue(flow.fromInitiator());
        assertTrue(flow.create() && flow.isNew() && flow.exists());
        assertTrue(flow.fromInitiator());
        assertTrue(flow.create(), "a second call changes nothing");
        assertEquals(1, table.size());

        flow.bind(table, packet(!reversed), find(table), 6);
        assertTrue(flow.exists());
        assertFalse(flow.fromInitiator() || flow.isNew());
        checkEnds(flow, reversed);
        assertEquals(21, flow.label());
        assertTrue(
            FlowSpace.parse("tcp any -> any vlan 7 dscp 46 label 21 flow-label 703710").matchesFlow(table, flow.id()));
        for (var other : new String[]{"udp", "vlan 6", "dscp 45", "label 22", "flow-label 703711", "ipv4"}) {
          assertFalse(FlowSpace.parse(other).matchesFlow(table, flow.id()), other);
        }
        var written = reversed ? "tcp any:2000 -> any:1000" : "tcp any:1000 -> any:2000";
        for (var direction : FlowSpace.Direction.values()) {
          assertTrue(FlowSpace.parse(written).direction(direction).matchesFlow(table, flow.id()));
        }
      }
    }
  }

  private static void checkEnds(Flow flow, boolean reversed) {
    assertEquals(reversed ? 2 : 1, flow.initiatorHigh());
    assertEquals(reversed ? 20 : 10, flow.initiatorLow());
    assertEquals(reversed ? 2000 : 1000, flow.initiatorPort());
    assertEquals(reversed ? 1 : 2, flow.responderHigh());
    assertEquals(reversed ? 10 : 20, flow.responderLow());
    assertEquals(reversed ? 1000 : 2000, flow.responderPort());
    assertEquals(7, flow.vlan());
    assertEquals(6, flow.protocol());
    assertEquals(6, flow.ipVersion());
  }

  @Test
  void shouldSayWhenTheTableIsFull() {
    try (var table = new RecordTable(16, 1)) {
      table.insert(0, 0, 0, 0, 0, 0, 0);
      var flow = new Flow();
      flow.bind(table, packet(false), RecordTable.ABSENT, 0);
      assertFalse(flow.create());
      assertFalse(flow.exists() || flow.isNew());
      assertEquals(10, flow.initiatorLow());
      flow.remove();
      assertFalse(flow.ends());
      assertThrows(IndexOutOfBoundsException.class, () -> flow.getByte(0));
    }
  }

  @Test
  void shouldComeBackToItsPacketWhenAnotherFlowGaveWay() {
    try (var table = new RecordTable(16, 1)) {
      table.insert(0, 5, 0, 0, 0, 0, 0);
      var flow = new Flow();
      table.evictIdle(10, id -> {
        flow.bind(table, id);
        assertEquals(5, flow.initiatorLow());
        assertTrue(flow.exists() && flow.fromInitiator());
      });
      flow.bind(table, packet(true), RecordTable.ABSENT, 20);
      assertTrue(flow.create() && flow.isNew());
      assertEquals(20, flow.initiatorLow());
      assertEquals(20, table.header(flow.id(), RecordTable.LAST_SEEN));
    }
  }

  @Test
  void shouldEndAfterThePacketAndExpire() {
    try (var table = new RecordTable(16, 2)) {
      var flow = new Flow();
      flow.bind(table, packet(false), RecordTable.ABSENT, 100);
      flow.create();
      flow.timeoutMillis(50);
      flow.remove();
      assertTrue(flow.ends() && flow.exists());
      flow.bind(table, null, flow.id(), 150);
      assertFalse(flow.ends());
      assertEquals(10, flow.initiatorLow());
      assertEquals(1, table.expire(150, 10, id -> {
      }));
    }
  }

  @Test
  void shouldReadAndWriteFieldsWithinTheRecordOnly() {
    try (var table = new RecordTable(15, 3)) {
      var record = new Record();
      table.insert(1, 0, 0, 0, 0, 1, 0);
      int id = table.insert(2, 0, 0, 0, 0, 2, 0);
      table.insert(3, 0, 0, 0, 0, 3, 0);
      record.bind(table, id);
      record.setByte(0, 0x1ff);
      record.setShort(1, 0x2fffe);
      record.setInt(3, -2);
      record.setLong(7, Long.MIN_VALUE);
      assertEquals(0xff, record.getByte(0));
      assertEquals(0xfffe, record.getShort(1));
      assertEquals(-1, record.addInt(3, 1));
      assertEquals(-1, record.getInt(3));
      assertEquals(Long.MIN_VALUE + 5, record.addLong(7, 5));
      assertEquals(Long.MIN_VALUE + 5, record.getLong(7));
      assertThrows(IndexOutOfBoundsException.class, () -> record.getLong(8));
      assertThrows(IndexOutOfBoundsException.class, () -> record.setInt(12, 0));
      assertThrows(IndexOutOfBoundsException.class, () -> record.getByte(-1));
      assertThrows(IndexOutOfBoundsException.class, () -> record.getLong(Long.MAX_VALUE));
      record.bind(table, RecordTable.ABSENT);
      assertThrows(IndexOutOfBoundsException.class, () -> record.setByte(0, 1));
    }
  }
}
