// SPDX-License-Identifier: Apache-2.0
// What both programs need: addresses, sockets, clocks, flags.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { VXLAN = 8, NSH = 24, OUTER = VXLAN + NSH, SEGMENTS = 64, LARGEST = 65507, SLAB = 65536 + 1088 };

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

/** CPU time of the process, user and system, nanoseconds. */
static inline double cpu_nanos(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1e9 + now.tv_nsec;
}

static void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}

/** The value of a flag, or what it is without. */
static const char *flag(int count, char **arguments, const char *name, const char *otherwise) {
  for (int i = 1; i + 1 < count; i += 2) {
    if (!strcmp(arguments[i], name)) {
      return arguments[i + 1];
    }
  }
  return otherwise;
}

static inline struct sockaddr_in address(const char *text) {
  struct sockaddr_in result = {.sin_family = AF_INET};
  char host[64];
  int port;
  if (sscanf(text, "%63[0-9.]:%d", host, &port) != 2 || inet_pton(AF_INET, host, &result.sin_addr) != 1) {
    fprintf(stderr, "'%s' is not HOST:PORT\n", text);
    exit(2);
  }
  result.sin_port = htons(port);
  return result;
}

/** A bound UDP socket with big buffers and GRO. */
static inline int open_port(struct sockaddr_in *at) {
  int descriptor = socket(AF_INET, SOCK_DGRAM, 0), size = 16 << 20, one = 1;
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, 4)) {
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4);
  }
  if (setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &size, 4)) {
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, 4);
  }
  if (setsockopt(descriptor, IPPROTO_UDP, UDP_GRO, &one, 4)) {
    fail("UDP_GRO");
  }
  if (bind(descriptor, (void *)at, sizeof *at)) {
    fail("bind");
  }
  return descriptor;
}

/** Size of a received message's segments. */
static inline int segment_size(struct msghdr *message, int length) {
  struct cmsghdr *control = CMSG_FIRSTHDR(message);
  if (control && control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO) {
    return *(int *)CMSG_DATA(control);
  }
  return length;
}
