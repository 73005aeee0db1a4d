// SPDX-License-Identifier: Apache-2.0
// Sends VXLAN-GPE + NSH (metadata type 1) + Ethernet + IPv4 + UDP of many flows to a forwarder, and counts what comes
// back at the sink. One thread does both, so that it needs one CPU.
//
// generate --to HOST:PORT --sink HOST:PORT [--flows N] [--frame OCTETS] [--spi N] [--si N] [--pps N] [--window N]
//          [--segments N] [--seconds S] [--cpu N]
// With --pps 0 it sends as fast as the forwarder goes on: at most --window packets are on their way.
#include "common.h"
#include "frames.h"

enum { BURST = 4, SINK = 64, MESSAGES = 64 };

static int frame, packet;

static void build(uint8_t *at, int spi, int si) {
  memset(at, 0, packet);
  at[0] = 0x0c;  // I and P bits
  at[3] = 4;     // next protocol NSH
  uint8_t *nsh = at + VXLAN;
  put16(nsh, 63 << 6 | 6);  // TTL 63, six words
  nsh[2] = 1;               // metadata type
  nsh[3] = 3;               // Ethernet
  put16(nsh + 4, spi >> 8);
  nsh[6] = spi;
  nsh[7] = si;
  build_frame(nsh + NSH, frame);
}

int main(int count, char **arguments) {
  struct sockaddr_in to = address(flag(count, arguments, "--to", "127.0.0.1:4790"));
  struct sockaddr_in sink = address(flag(count, arguments, "--sink", "127.0.0.1:4799"));
  int flows = atoi(flag(count, arguments, "--flows", "1000"));
  frame = atoi(flag(count, arguments, "--frame", "64"));
  packet = frame + OUTER;
  long pps = atol(flag(count, arguments, "--pps", "0"));
  long window = atol(flag(count, arguments, "--window", "4096"));
  double period = atof(flag(count, arguments, "--seconds", "2"));
  int spi = atoi(flag(count, arguments, "--spi", "1")), si = atoi(flag(count, arguments, "--si", "255"));
  int most = LARGEST / packet < SEGMENTS ? LARGEST / packet : SEGMENTS;
  int segments = atoi(flag(count, arguments, "--segments", "64"));
  segments = segments < most ? segments : most;
  int cpu = atoi(flag(count, arguments, "--cpu", "-1"));
  if (cpu >= 0) {
    pin(cpu);
  }
  int in = open_port(&sink), out = socket(AF_INET, SOCK_DGRAM, 0), size = 16 << 20;
  setsockopt(out, SOL_SOCKET, SO_SNDBUF, &size, 4);
  if (connect(out, (void *)&to, sizeof to) || setsockopt(out, IPPROTO_UDP, UDP_SEGMENT, &packet, 4)) {
    fail("connect");
  }
  uint8_t *memory = malloc((size_t)BURST * segments * packet);
  struct iovec send_vector[BURST];
  struct mmsghdr send_message[BURST];
  memset(send_message, 0, sizeof send_message);
  for (int i = 0; i < BURST * segments; i++) {
    build(memory + (size_t)i * packet, spi, si);
  }
  for (int i = 0; i < BURST; i++) {
    send_vector[i] = (struct iovec){memory + (size_t)i * segments * packet, (size_t)segments * packet};
    send_message[i].msg_hdr.msg_iov = send_vector + i;
    send_message[i].msg_hdr.msg_iovlen = 1;
  }
  // The sink needs no data: a short buffer and MSG_TRUNC tell the length.
  static struct mmsghdr message[SINK];
  static struct iovec vector[SINK];
  static char control[SINK][CMSG_SPACE(4)], scrap[SINK][64];
  long sent = 0, received = 0, forgiven = 0;
  int flow = 0;
  double start = seconds(), now = start, progress = start, end = start + period;
  while (now < end + 0.2) {
    int idle = 1;
    long flying = sent - received - forgiven;
    int may = now < end && (pps ? sent < (now - start) * pps : flying + BURST * segments <= window);
    if (may) {
      for (int i = 0; i < BURST * segments; i++) {
        stamp(memory + (size_t)i * packet + OUTER, flow);
        flow = flow + 1 == flows ? 0 : flow + 1;
      }
      int done = sendmmsg(out, send_message, BURST, MSG_DONTWAIT);
      sent += done > 0 ? (long)done * segments : 0;
      idle = 0;
    }
    for (int i = 0; i < SINK; i++) {
      vector[i] = (struct iovec){scrap[i], sizeof scrap[i]};
      message[i].msg_hdr.msg_iov = vector + i;
      message[i].msg_hdr.msg_iovlen = 1;
      message[i].msg_hdr.msg_control = control[i];
      message[i].msg_hdr.msg_controllen = sizeof control[i];
    }
    int got = recvmmsg(in, message, SINK, MSG_DONTWAIT | MSG_TRUNC, 0);
    now = seconds();
    for (int i = 0; i < got; i++) {
      int length = message[i].msg_len, each = segment_size(&message[i].msg_hdr, length);
      received += each ? (length + each - 1) / each : 1;
      progress = now;
      idle = 0;
    }
    if (!pps && now > progress + 0.02 && flying) {
      forgiven += flying;  // lost: the window opens again
      progress = now;
    }
    if (idle && now >= end && sent == received) {
      break;
    }
  }
  printf("sent=%ld received=%ld seconds=%.3f\n", sent, received, (now < end ? now : end) - start);
  return 0;
}
