// SPDX-License-Identifier: Apache-2.0
// The frames that both generators send: Ethernet, IPv4, UDP.
static uint16_t checksum(const uint8_t *from, int octets) {
  uint32_t sum = 0;
  for (int i = 0; i < octets; i += 2) {
    sum += from[i] << 8 | from[i + 1];
  }
  while (sum >> 16) {
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return ~sum;
}

static void put16(uint8_t *to, int value) {
  to[0] = value >> 8;
  to[1] = value;
}

/** Writes a frame of so many octets; those behind the headers stay as they are. */
static void build_frame(uint8_t *ethernet, int octets) {
  memcpy(ethernet, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0", 14);
  uint8_t *ip = ethernet + 14;
  ip[0] = 0x45;
  put16(ip + 2, octets - 14);
  ip[8] = 64;
  ip[9] = 17;
  memcpy(ip + 12, "\x0a\0\0\1\x0a\x63\0\1", 8);
  put16(ip + 10, checksum(ip, 20));
  put16(ip + 24, octets - 34);
}

/** Gives a frame its flow: the ports, so that no checksum changes. */
static void stamp(uint8_t *frame, int flow) {
  uint8_t *udp = frame + 34;
  put16(udp, 1024 + flow % 50000);
  put16(udp + 2, 80 + flow / 50000);
}
