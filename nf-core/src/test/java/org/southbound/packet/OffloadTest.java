// SPDX-License-Identifier: Apache-2.0
package org.southbound.packet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OffloadTest {
  private static final int L4 = 34;
  private static final ValueLayout.OfShort HOST16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.nativeOrder());

  private final MemorySegment memory = Arena.ofAuto().allocate(70_000, 8);
  private final MemorySegment header = Arena.ofAuto().allocate(Offload.HEADER, 8);

  private static long offload(int flags, int type, int size, int start, int field) {
    var header = Arena.ofAuto().allocate(Offload.HEADER, 2);
    header.set(ValueLayout.JAVA_BYTE, 0, (byte) flags);
    header.set(ValueLayout.JAVA_BYTE, 1, (byte) type);
    int[] rest = {99, size, start, field};
    for (int i = 0; i < rest.length; i++) {
      header.set(HOST16, 2 + 2L * i, (short) rest[i]);
    }
    return Offload.read(header, 0);
  }

  /** An Ethernet frame with IPv4 and TCP or UDP; the checksum is what a sender leaves: the sum of the pseudo header. */
  private Packet frame(int protocol, int data, int seed) {
    byte[] octets = new byte[data];
    new Random(seed).nextBytes(octets);
    int l4 = protocol == Protocol.TCP ? Tcp.LENGTH : Udp.LENGTH;
    Ethernet.write(memory, 0, 0x0200_0000_0001L, 0x0200_0000_0002L, Ethernet.IPV4);
    Ipv4.write(memory, 14, 0, 20 + l4 + data, 0xfffe, 64, protocol, 0x0a00_0001, 0x0a00_0002);
    if (protocol == Protocol.TCP) {
      Tcp.write(memory, L4, 80, 5000, 0xffff_ff00, 7, Tcp.FIN | Tcp.PSH | Tcp.CWR | Tcp.ACK, 100);
    } else {
      memory.asSlice(L4, 8).fill((byte) 0);
      Wire.u16(memory, L4 + 2, 53);
      Wire.u16(memory, L4 + 4, 8 + data);
    }
    MemorySegment.copy(octets, 0, memory, ValueLayout.JAVA_BYTE, L4 + l4, data);
    var packet = Packet.of(memory.asSlice(0, L4 + l4 + data));
    assertEquals(0, Parser.parse(packet));
    int pseudo = ~Checksum.finish(Checksum.pseudoHeader(packet)) & 0xffff;
    Wire.u16(memory, L4 + (protocol == Protocol.TCP ? 16 : 6), pseudo);
    return packet;
  }

  @Test
  void shouldBeNothingForACompletePacket() {
    assertEquals(0, offload(0, 0, 0, 34, 16));
    assertEquals(0, offload(2, 0, 0, 0, 0), "a checksum that the card found right");
    assertNotEquals(0, offload(1, 0, 0, 34, 16));
  }

  @ParameterizedTest
  @CsvSource({"6, 16, 1", "6, 16, 1000", "17, 6, 0", "17, 6, 333"})
  void shouldCompleteTheChecksum(int protocol, int field, int data) {
    var packet = frame(protocol, data, 1);
    packet.offload = offload(1, 0, 0, L4, field);
    Offload.complete(packet);
    assertEquals(0, packet.offload);
    assertEquals(Checksum.transport(packet), Wire.u16(memory, L4 + field));
  }

  @Test
  void shouldNotWriteOutsideThePacket() {
    var packet = frame(Protocol.TCP, 0, 1);
    packet.offload = offload(1, 0, 0, 60_000, 60_000);
    Offload.complete(packet);
    assertEquals(0, packet.offload);
  }

  @ParameterizedTest
  @CsvSource({"6, 1, 1448, 60000, 20", "6, 1, 100, 100, 20", "6, 1, 100, 101, 20", "17, 5, 1472, 30001, 8"})
  void shouldTakeAFrameApart(int protocol, int type, int size, int data, int l4) {
    var whole = frame(protocol, data, 2);
    whole.offload = offload(1, type, size, L4, protocol == Protocol.TCP ? 16 : 6);
    int n = Offload.segments(whole);
    assertEquals((data + size - 1) / size, n);
    var joined = new ByteArrayOutputStream();
    try (var pool = new PacketPool(1)) {
      var segment = pool.take();
      for (int i = 0; i < n; i++) {
        Offload.segment(whole, i, segment);
        assertEquals(0, segment.offload);
        assertEquals(0xfffe + i & 0xffff, segment.ipv4().identification());
        assertEquals(Checksum.ipv4(segment.memory(), segment.l3()), Wire.u16(segment.memory(), segment.l3() + 10));
        int field = protocol == Protocol.TCP ? 16 : 6;
        assertEquals(Checksum.transport(segment), Wire.u16(segment.memory(), segment.l4() + field));
        assertEquals(segment.frameLength(), L4 + l4 + segment.payloadLength());
        if (protocol == Protocol.TCP) {
          assertEquals(0xffff_ff00 + i * size, segment.tcp().sequence());
          int expected = Tcp.ACK | (i == 0 ? Tcp.CWR : 0) | (i == n - 1 ? Tcp.FIN | Tcp.PSH : 0);
          assertEquals(expected, segment.tcp().flags());
        }
        joined.writeBytes(segment.memory().asSlice(segment.payload(), segment.payloadLength())
            .toArray(ValueLayout.JAVA_BYTE));
      }
    }
    assertArrayEquals(memory.asSlice(L4 + l4, data).toArray(ValueLayout.JAVA_BYTE), joined.toByteArray());
  }

  @Test
  void shouldNotTakeApartWhatItDoesNotKnow() {
    var whole = frame(Protocol.TCP, 5000, 3);
    whole.offload = offload(1, 1, 1000, L4 + 50, 16);
    assertEquals(0, Offload.segments(whole), "of a tunnel inside");
    whole.offload = offload(1, 4, 1000, L4, 16);
    assertEquals(0, Offload.segments(whole), "of the other IP version");
    whole.offload = offload(1, 1, 0, L4, 16);
    assertEquals(0, Offload.segments(whole), "without a size");
    whole.offload = offload(1, 1, 9_990, L4, 16);
    assertEquals(0, Offload.segments(whole), "into parts that are too long");
  }

  @Test
  void shouldTellTheKernelWhatIsLeftToDo() {
    var packet = frame(Protocol.TCP, 3000, 4);
    packet.offload = offload(1, 1, 1448, L4, 16);
    int before = Wire.u16(memory, L4 + 16);
    packet.ipv4().source(0x0a00_0063); // as a NAT does
    Wire.u16(memory, L4 + 16, 0x1234);
    Offload.write(packet, packet.l3(), header, 0);
    assertEquals(1, header.get(ValueLayout.JAVA_BYTE, 0));
    assertEquals(1, header.get(ValueLayout.JAVA_BYTE, 1));
    assertEquals(1448, header.get(HOST16, 4));
    assertEquals(L4 - 14, header.get(HOST16, 6), "from where the packet leaves");
    assertEquals(16, header.get(HOST16, 8));
    assertEquals(before + 0x62, Wire.u16(memory, L4 + 16), "the pseudo header as it is now");
    packet.offload = 0;
    Offload.write(packet, 0, header, 0);
    assertEquals(0, header.get(ValueLayout.JAVA_LONG, 0));
  }
}
