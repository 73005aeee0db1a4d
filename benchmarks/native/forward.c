// SPDX-License-Identifier: Apache-2.0
// The reference: what a network function in C does to forward over UDP tunnels with the same system calls as ours.
// Receive (recvmmsg, UDP_GRO), parse VXLAN-GPE, NSH, Ethernet, IPv4 or IPv6, UDP or TCP, look the flow up in a table of
// 128-octet records with an index of its own, count by flow and by path, rewrite the NSH in place, send (sendmmsg,
// UDP_SEGMENT). The same steps, in the same batches, as the worker takes with the counting NF; what the worker can do
// beyond (metadata type 2, options, extension headers, fragments, other protocols, several next hops) is dropped here, so
// the reference errs on the side of doing less.
//
// forward --listen HOST:PORT --to HOST:PORT [--spi N] [--seconds S] [--cpu N]
// Prints packets, and CPU time of the process per packet between the first and the last one.
#include "common.h"
#include "flows.h"

// A message can have more segments than a batch has room for; all of them are taken.
enum { BATCH = 256, MOST = BATCH + 65536 };

static long dropped;

/** Checks the tunnel headers and the frame; 0 if the packet is to be dropped. */
static int parse(struct packet *packet) {
  uint8_t *at = packet->start, *nsh = at + VXLAN;
  if (packet->length < OUTER || at[0] != 0x0c || at[3] != 4) {
    return 0;
  }
  int nsh_length = (nsh[1] & 0x3f) * 4;
  if (nsh_length != NSH || (nsh[2] & 15) != 1 || nsh[3] != 3 || nsh[7] == 0) {
    return 0;
  }
  return parse_frame(packet, nsh + NSH, packet->length - OUTER);
}

/** Next hop by path: as in a classifier, a table lookup per packet; and what is counted by path. */
static uint32_t paths[256];
static uint64_t path_packets[256], path_octets[256];

static int process(struct packet *packet, uint32_t now) {
  if (!count_flow(packet, now)) {
    return 0;
  }
  uint8_t *nsh = packet->start + VXLAN;
  uint32_t path = get32(nsh + 4), next = paths[path >> 8 & 255];
  int ttl = get16(nsh) >> 6 & 63;
  if (ttl == 1 || (path & 255) <= 1) {
    return 0;
  }
  ttl = ttl ? ttl - 1 : 63;  // 0: from a sender without TTL, as the worker reads it
  path_packets[path >> 8 & 255]++;
  path_octets[path >> 8 & 255] += packet->length - OUTER;
  uint16_t base = __builtin_bswap16((get16(nsh) & 0xf03f) | ttl << 6);
  memcpy(nsh, &base, 2);
  path = __builtin_bswap32(next << 8 | ((path & 255) - 1));
  memcpy(nsh + 4, &path, 4);
  return 1;
}

int main(int count, char **arguments) {
  struct sockaddr_in listen = address(flag(count, arguments, "--listen", "127.0.0.1:4790"));
  struct sockaddr_in to = address(flag(count, arguments, "--to", "127.0.0.1:4799"));
  double period = atof(flag(count, arguments, "--seconds", "5"));
  int spi = atoi(flag(count, arguments, "--spi", "2")), cpu = atoi(flag(count, arguments, "--cpu", "-1"));
  if (cpu >= 0) {
    pin(cpu);
  }
  for (int i = 0; i < 256; i++) {
    paths[i] = spi;
  }
  make_table();
  int port = open_port(&listen);
  uint8_t *slabs = aligned_alloc(4096, (size_t)BATCH * SLAB / 4096 * 4096 + 4096);
  static struct mmsghdr in[BATCH], out[MOST];
  static struct iovec in_vector[BATCH], out_vector[MOST];
  static char in_control[BATCH][CMSG_SPACE(4)], out_control[MOST][CMSG_SPACE(2)];
  static struct packet packets[MOST];
  for (int i = 0; i < BATCH; i++) {
    in_vector[i] = (struct iovec){slabs + (size_t)i * SLAB, 65536};
    in[i].msg_hdr.msg_iov = in_vector + i;
    in[i].msg_hdr.msg_iovlen = 1;
    in[i].msg_hdr.msg_control = in_control[i];
  }
  for (int i = 0; i < MOST; i++) {
    out[i].msg_hdr.msg_name = &to;
    out[i].msg_hdr.msg_namelen = sizeof to;
    struct cmsghdr *control = (void *)out_control[i];
    control->cmsg_len = CMSG_LEN(2);
    control->cmsg_level = IPPROTO_UDP;
    control->cmsg_type = UDP_SEGMENT;
  }
  long received = 0, sent = 0;
  int per_message = 1;
  double start = seconds(), first = 0, last = 0, cpu_first = 0, cpu_last = 0, end = start + period;
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    int wanted = BATCH / per_message;
    for (int i = 0; i < wanted; i++) {
      in[i].msg_hdr.msg_controllen = sizeof in_control[i];
    }
    int got = recvmmsg(port, in, wanted, MSG_DONTWAIT, 0);
    double now = seconds();
    if (got <= 0) {
      if (now > end) {
        break;
      }
      cpu_last = cpu_nanos();
      struct pollfd wait = {port, POLLIN, 0};
      poll(&wait, 1, 100);
      continue;
    }
    if (!received) {
      first = now;
      cpu_first = cpu_nanos();
    }
    last = now;
    // A batch: parse all and fetch their table entries, then look up and rewrite, then send.
    int message = 0;
    while (message < got) {
      int n = 0;
      for (; message < got && n < BATCH; message++) {
        int length = in[message].msg_len, each = segment_size(&in[message].msg_hdr, length);
        uint8_t *at = in_vector[message].iov_base;
        per_message = each ? (length + each - 1) / each : 1;
        per_message = per_message > BATCH ? BATCH : per_message;
        for (int offset = 0; offset < length && n < MOST; offset += each) {
          struct packet *packet = packets + n;
          packet->start = at + offset;
          packet->length = length - offset < each ? length - offset : each;
          received++;
          if (parse(packet)) {
            __builtin_prefetch(slots + (packet->hash & (INDEX - 1)));
            n++;
          } else {
            dropped++;
          }
        }
      }
      for (int i = 0; i < n; i++) {
        uint32_t number = (uint32_t)slots[packets[i].hash & (INDEX - 1)];
        __builtin_prefetch(records + (number ? number - 1 : 0));
      }
      // Packets of equal size in a row make one message, an element of it wherever they touch in memory.
      int groups = 0, segments = 0, size = 0, elements = 0;
      uint8_t *touch = 0;
      uint32_t millis = (uint32_t)(now * 1e3);
      for (int i = 0; i < n; i++) {
        struct packet *packet = packets + i;
        if (!process(packet, millis)) {
          dropped++;
          continue;
        }
        sent++;
        if (!groups || packet->length != size || segments == SEGMENTS || (segments + 1) * size > LARGEST) {
          size = packet->length;
          segments = 0;
          touch = 0;
          out[groups].msg_hdr.msg_iov = out_vector + elements;
          out[groups].msg_hdr.msg_iovlen = 0;
          out[groups].msg_hdr.msg_control = 0;
          out[groups++].msg_hdr.msg_controllen = 0;
        }
        struct msghdr *header = &out[groups - 1].msg_hdr;
        if (packet->start == touch) {
          out_vector[elements - 1].iov_len += size;
        } else {
          out_vector[elements++] = (struct iovec){packet->start, size};
          header->msg_iovlen++;
        }
        if (++segments == 2) {
          header->msg_control = out_control[groups - 1];
          header->msg_controllen = sizeof out_control[groups - 1];
          *(uint16_t *)CMSG_DATA((struct cmsghdr *)out_control[groups - 1]) = size;
        }
        touch = packet->start + packet->length;
      }
      for (int g = 0; g < groups;) {
        int done = sendmmsg(port, out + g, groups - g, 0);
        g += done > 0 ? done : 1;
      }
    }
  }
  printf("received=%ld sent=%ld dropped=%ld flows=%u pps=%.0f cpu_ns_per_packet=%.1f\n", received, sent, dropped, used,
      received / (last - first > 0 ? last - first : 1), (cpu_last - cpu_first) / (received ? received : 1));
  return 0;
}
