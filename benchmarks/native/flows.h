// SPDX-License-Identifier: Apache-2.0
// What both forwarders do with a frame: parse Ethernet, IPv4 or IPv6, UDP or TCP, look the flow up in a table of 128-octet
// records with an index of its own, and count.
enum { INDEX = 1 << 21, RECORDS = 1 << 20 };

/** 128 octets: key, header, counters. */
struct record {
  uint64_t key[5];
  uint32_t last_seen, timeout, version, label, cache, flags;
  uint64_t packets, octets, to_packets, to_octets;
  uint64_t spare[4];
};

struct packet {
  uint8_t *start;
  int length;
  int ip_length;
  int reversed;
  uint32_t hash;
  uint64_t key[5];
};

static uint64_t *slots;  // hash << 32 | record number + 1
static struct record *records;
static uint32_t used;
static uint64_t seed = 0x9E3779B97F4A7C15ull;

static inline uint32_t get16(const uint8_t *at) {
  uint16_t value;
  memcpy(&value, at, 2);
  return __builtin_bswap16(value);
}

static inline uint32_t get32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return __builtin_bswap32(value);
}

static inline uint64_t get64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, 8);
  return __builtin_bswap64(value);
}

static inline uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0xff51afd7ed558ccdull;
  return hash ^ hash >> 32;
}

/** Checks all lengths of the Ethernet frame and fills in the key; 0 if the packet is to be dropped. */
static int parse_frame(struct packet *packet, uint8_t *at, int left) {
  if (left < 14) {
    return 0;
  }
  int type = get16(at + 12), offset = 14;
  uint32_t vlan = 0;
  while (type == 0x8100 || type == 0x88a8) {
    if (left < offset + 4) {
      return 0;
    }
    vlan = vlan ? vlan : get16(at + offset) & 0xfff;
    type = get16(at + offset + 2);
    offset += 4;
  }
  at += offset;
  left -= offset;
  uint64_t a0, a1, b0, b1;
  int protocol, version, header;
  if (type == 0x800) {
    if (left < 20 || at[0] >> 4 != 4) {
      return 0;
    }
    header = (at[0] & 15) * 4;
    packet->ip_length = get16(at + 2);
    if (header < 20 || packet->ip_length < header || packet->ip_length > left || (get16(at + 6) & 0x1fff)) {
      return 0;
    }
    protocol = at[9];
    version = 4;
    a0 = b0 = 0;
    a1 = get32(at + 12);
    b1 = get32(at + 16);
  } else if (type == 0x86dd) {
    if (left < 40 || at[0] >> 4 != 6) {
      return 0;
    }
    header = 40;
    packet->ip_length = 40 + get16(at + 4);
    if (packet->ip_length > left) {
      return 0;
    }
    protocol = at[6];
    version = 6;
    a0 = get64(at + 8);
    a1 = get64(at + 16);
    b0 = get64(at + 24);
    b1 = get64(at + 32);
  } else {
    return 0;
  }
  int rest = packet->ip_length - header;
  uint8_t *l4 = at + header;
  if (protocol == 17 ? rest < 8 || (int)get16(l4 + 4) > rest : protocol != 6 || rest < 20 || (l4[12] >> 4) * 4 > rest) {
    return 0;
  }
  uint64_t a_port = get16(l4), b_port = get16(l4 + 2);
  int reversed = a0 != b0 ? a0 > b0 : a1 != b1 ? a1 > b1 : a_port > b_port;
  uint64_t *key = packet->key;
  key[0] = reversed ? b0 : a0;
  key[1] = reversed ? b1 : a1;
  key[2] = reversed ? a0 : b0;
  key[3] = reversed ? a1 : b1;
  key[4] = (reversed ? b_port << 48 | a_port << 32 : a_port << 48 | b_port << 32) | (uint64_t)vlan << 16 | protocol << 8
      | version;
  uint64_t hash = seed;
  for (int i = 0; i < 5; i++) {
    hash = mix(hash, key[i]);
  }
  packet->reversed = reversed;
  hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53ull;
  packet->hash = hash ^ hash >> 33;
  return 1;
}

static struct record *find(struct packet *packet) {
  uint32_t i = packet->hash & (INDEX - 1);
  for (;; i = (i + 1) & (INDEX - 1)) {
    uint64_t slot = slots[i];
    if (!slot) {
      if (used == RECORDS) {
        return 0;
      }
      slots[i] = (uint64_t)packet->hash << 32 | ++used;
      struct record *made = records + used - 1;
      memcpy(made->key, packet->key, sizeof made->key);
      made->flags = packet->reversed;
      return made;
    }
    struct record *record = records + (uint32_t)slot - 1;
    if (slot >> 32 == packet->hash && !memcmp(record->key, packet->key, sizeof record->key)) {
      return record;
    }
  }
}

/** Counts the packet by its flow; 0 if there is no room for another flow. */
static int count_flow(struct packet *packet, uint32_t now) {
  struct record *record = find(packet);
  if (!record) {
    return 0;
  }
  record->last_seen = now;
  record->version++;
  if (packet->reversed == (int)record->flags) {
    record->packets++;
    record->octets += packet->ip_length;
  } else {
    record->to_packets++;
    record->to_octets += packet->ip_length;
  }
  return 1;
}

static void make_table(void) {
  slots = calloc(INDEX, sizeof *slots);
  records = aligned_alloc(64, RECORDS * sizeof *records);
  memset(records, 0, RECORDS * sizeof *records);
}
