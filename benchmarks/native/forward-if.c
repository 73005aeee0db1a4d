// SPDX-License-Identifier: Apache-2.0
// The reference for interfaces: forwards frames from one to the other with the same system calls as our port. A ring of
// TPACKET_V3 in, sendmmsg out, both with the header of PACKET_VNET_HDR; between them the same steps as in forward.c, in the
// same batches as the worker's. What the port can do beyond (VLAN tags, checksums and frames to be cut) is left out.
//
// forward-if --from IF --to IF [--seconds S] [--cpu N]
#include "common.h"
#include "flows.h"
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/mman.h>

enum { BLOCK = 1 << 20, BLOCKS = 16, BATCH = 64, QUEUE = 256, HEADER = 10, ALL = 3 };

static int open_interface(const char *name, int protocol, uint8_t **ring) {
  int descriptor = socket(AF_PACKET, SOCK_RAW, 0), one = 1, version = TPACKET_V3, size = 16 << 20;
  struct tpacket_req3 request = {.tp_block_size = BLOCK, .tp_block_nr = BLOCKS, .tp_frame_size = 2048,
      .tp_frame_nr = BLOCK / 2048 * BLOCKS, .tp_retire_blk_tov = 1};
  setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &size, 4);
  if (descriptor < 0 || setsockopt(descriptor, SOL_PACKET, PACKET_VNET_HDR, &one, 4)) {
    fail("packet socket");
  }
  if (ring) {
    if (setsockopt(descriptor, SOL_PACKET, PACKET_VERSION, &version, 4)
        || setsockopt(descriptor, SOL_PACKET, PACKET_RX_RING, &request, sizeof request)
        || setsockopt(descriptor, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, 4)) {
      fail("ring");
    }
    *ring = mmap(0, (size_t)BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, descriptor, 0);
  }
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol),
      .sll_ifindex = if_nametoindex(name)};
  struct packet_mreq promiscuous = {.mr_ifindex = address.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
  if (bind(descriptor, (void *)&address, sizeof address)
      || setsockopt(descriptor, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous)) {
    fail(name);
  }
  return descriptor;
}

int main(int count, char **arguments) {
  double end = seconds() + atof(flag(count, arguments, "--seconds", "5"));
  int cpu = atoi(flag(count, arguments, "--cpu", "-1"));
  if (cpu >= 0) {
    pin(cpu);
  }
  uint8_t *ring;
  int in = open_interface(flag(count, arguments, "--from", "f0"), ALL, &ring);
  int out = open_interface(flag(count, arguments, "--to", "f1"), 0, 0);
  make_table();
  static struct packet packets[BATCH];
  static struct mmsghdr messages[QUEUE];
  static struct iovec vectors[QUEUE][2];
  static uint8_t headers[QUEUE][16];
  for (int i = 0; i < QUEUE; i++) {
    vectors[i][0] = (struct iovec){headers[i], HEADER};
    messages[i].msg_hdr.msg_iov = vectors[i];
    messages[i].msg_hdr.msg_iovlen = 2;
  }
  long received = 0, sent = 0, dropped = 0;
  int block = 0;
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    struct tpacket_block_desc *now = (void *)(ring + (size_t)block * BLOCK);
    if (!(__atomic_load_n(&now->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) {
      if (seconds() > end) {
        break;
      }
      struct pollfd wait = {in, POLLIN, 0};
      poll(&wait, 1, 100);
      continue;
    }
    uint8_t *next = (uint8_t *)now + now->hdr.bh1.offset_to_first_pkt;
    int left = now->hdr.bh1.num_pkts, queued = 0;
    while (left) {
      uint32_t millis = (uint32_t)(seconds() * 1e3);
      int n = 0;
      for (; left && n < BATCH; left--) {
        struct tpacket3_hdr *header = (void *)next;
        next += header->tp_next_offset;
        struct packet *packet = packets + n;
        packet->start = (uint8_t *)header + header->tp_mac;
        packet->length = header->tp_snaplen;
        received++;
        if (header->tp_snaplen == header->tp_len && parse_frame(packet, packet->start, packet->length)) {
          __builtin_prefetch(slots + (packet->hash & (INDEX - 1)));
          n++;
        } else {
          dropped++;
        }
      }
      for (int i = 0; i < n; i++) {
        uint32_t number = (uint32_t)slots[packets[i].hash & (INDEX - 1)];
        __builtin_prefetch(records + (number ? number - 1 : 0));
      }
      for (int i = 0; i < n; i++) {
        struct packet *packet = packets + i;
        if (!count_flow(packet, millis)) {
          dropped++;
          continue;
        }
        memset(headers[queued], 0, HEADER);
        vectors[queued++][1] = (struct iovec){packet->start, packet->length};
      }
      if (!left || queued + BATCH > QUEUE) {
        for (int i = 0; i < queued;) {
          int done = sendmmsg(out, messages + i, queued - i, 0);
          i += done > 0 ? done : 1;
        }
        sent += queued;
        queued = 0;
      }
    }
    __atomic_store_n(&now->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    block = (block + 1) % BLOCKS;
  }
  printf("received=%ld sent=%ld dropped=%ld flows=%u\n", received, sent, dropped, used);
  return 0;
}
