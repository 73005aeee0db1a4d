// SPDX-License-Identifier: Apache-2.0
// Sends Ethernet frames of many flows out of one interface, and counts what comes in at another, as the kernel counts it.
//
// generate-if --to IF --sink IF [--flows N] [--frame OCTETS] [--pps N] [--window N] [--seconds S] [--cpu N]
// With --pps 0 it sends as fast as the forwarder goes on: at most --window frames are on their way.
#include "common.h"
#include "frames.h"
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>

enum { BURST = 64 };

static long counted(int statistics) {
  char text[32] = "";
  return pread(statistics, text, sizeof text - 1, 0) > 0 ? atol(text) : 0;
}

int main(int count, char **arguments) {
  int flows = atoi(flag(count, arguments, "--flows", "1000")), frame = atoi(flag(count, arguments, "--frame", "64"));
  long pps = atol(flag(count, arguments, "--pps", "0")), window = atol(flag(count, arguments, "--window", "16384"));
  double period = atof(flag(count, arguments, "--seconds", "2"));
  int cpu = atoi(flag(count, arguments, "--cpu", "-1"));
  if (cpu >= 0) {
    pin(cpu);
  }
  char path[128];
  snprintf(path, sizeof path, "/sys/class/net/%s/statistics/rx_packets", flag(count, arguments, "--sink", "s0"));
  int statistics = open(path, O_RDONLY), out = socket(AF_PACKET, SOCK_RAW, 0), one = 1;
  struct sockaddr_ll to = {.sll_family = AF_PACKET,
      .sll_ifindex = if_nametoindex(flag(count, arguments, "--to", "g0"))};
  if (statistics < 0 || bind(out, (void *)&to, sizeof to)) {
    fail("interfaces");
  }
  setsockopt(out, SOL_PACKET, PACKET_QDISC_BYPASS, &one, 4);
  uint8_t *memory = calloc(flows, frame);
  static struct iovec vector[BURST];
  static struct mmsghdr message[BURST];
  for (int i = 0; i < flows; i++) {
    build_frame(memory + (size_t)i * frame, frame);
    stamp(memory + (size_t)i * frame, i);
  }
  for (int i = 0; i < BURST; i++) {
    message[i].msg_hdr.msg_iov = vector + i;
    message[i].msg_hdr.msg_iovlen = 1;
  }
  long sent = 0, received = 0, forgiven = 0, before = counted(statistics);
  int flow = 0;
  double start = seconds(), now = start, progress = start, end = start + period;
  while (now < end + 0.2) {
    long flying = sent - received - forgiven;
    if (now < end && (pps ? sent < (now - start) * pps : flying + BURST <= window)) {
      for (int i = 0; i < BURST; i++) {
        vector[i] = (struct iovec){memory + (size_t)flow * frame, frame};
        flow = flow + 1 == flows ? 0 : flow + 1;
      }
      int done = sendmmsg(out, message, BURST, 0);
      sent += done > 0 ? done : 0;
    }
    long came = counted(statistics) - before;
    now = seconds();
    progress = came > received ? now : progress;
    received = came;
    if (!pps && now > progress + 0.02 && flying) {
      forgiven += flying;  // lost: the window opens again
      progress = now;
    }
    if (now >= end && sent <= received) {
      break;
    }
  }
  printf("sent=%ld received=%ld seconds=%.3f\n", sent, received, (now < end ? now : end) - start);
  return 0;
}
