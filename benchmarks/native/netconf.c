// SPDX-License-Identifier: Apache-2.0
// A load on a NETCONF server over SSH: many sessions, a thread each, that ask as fast as they are answered. It has so little
// to do itself that the server, on the same two processors, is what is measured.
//
// netconf --port P --user U --key FILE [--sessions N] [--outstanding N] [--seconds S] [--entries N] MODE
//   get      get-config of one leaf                  commit   edit-config of one leaf, and commit
//   setup    connect, authenticate, hello, close     bulk     a list of N entries: made, read, one changed, removed
//   hold     opens the sessions, waits for standard input to end      hello    waits for a server to start, and says so
// Prints name=value. Any rpc-error or lost session is an error: the figures do not count then.
#define _GNU_SOURCE
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH "<bench xmlns=\"urn:southbound:yang:bench\">"
#define HELLO "<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities><capability>" \
  "urn:ietf:params:netconf:base:1.1</capability></capabilities></hello>]]>]]>"
#define GET(what) "<get-config><source><running/></source><filter>" BENCH what "</bench></filter></get-config>"
#define EDIT(what) "<edit-config><target><candidate/></target><config>" BENCH what "</bench></config></edit-config>"

struct text {
  char *at;
  size_t length, room;
};

struct session {
  ssh_session ssh;
  ssh_channel channel;
  struct text in, out;
  size_t read;  // of what is in `in`
  long sent;
};

static int port = 830, sessions = 1, outstanding = 1, entries = 10000;
static double period = 2;
static const char *user = "admin", *key_file, *mode;
static ssh_key key;
static atomic_int over;
static atomic_long answered;
static pthread_barrier_t begun;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

static void fail(const char *what, ssh_session ssh) {
  fprintf(stderr, "netconf: %s: %s\n", what, ssh ? ssh_get_error(ssh) : "");
  exit(1);
}

static void reserve(struct text *text, size_t more) {
  if (text->length + more > text->room) {
    text->room = 2 * (text->length + more);
    text->at = realloc(text->at, text->room);
  }
}

static void print(struct text *text, const char *format, ...) {
  va_list values;
  va_start(values, format);
  reserve(text, 4096);
  text->length += vsnprintf(text->at + text->length, 4096, format, values);
  va_end(values);
}

static void flush(struct session *session) {
  for (size_t at = 0; at < session->out.length;) {
    size_t left = session->out.length - at;
    int written = ssh_channel_write(session->channel, session->out.at + at, left > 1 << 20 ? 1 << 20 : left);
    if (written <= 0) {
      fail("cannot write", session->ssh);
    }
    at += written;
  }
  session->out.length = 0;
}

/** Puts an RPC into `out`, in one chunk. */
static void ask(struct session *session, const char *body, size_t length) {
  char open[128];
  int opened = snprintf(open, sizeof open,
      "<rpc xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" message-id=\"%ld\">", ++session->sent);
  print(&session->out, "\n#%zu\n%s", opened + length + 6, open);
  reserve(&session->out, length + 16);
  memcpy(session->out.at + session->out.length, body, length);
  session->out.length += length;
  print(&session->out, "</rpc>\n##\n");
}

/** Reads up to the end of a message; returns its octets, `from` where it begins. */
static size_t answer(struct session *session, const char *end, const char **from) {
  struct text *in = &session->in;
  size_t width = strlen(end), looked = session->read;
  if (session->read > 1 << 16) {
    memmove(in->at, in->at + session->read, in->length - session->read);
    in->length -= session->read;
    looked = session->read = 0;
  }
  for (;;) {
    char *found = in->length >= looked + width ? memmem(in->at + looked, in->length - looked, end, width) : 0;
    if (found) {
      size_t start = session->read;
      session->read = found + width - in->at;
      *from = in->at + start;
      return found - *from;
    }
    looked = in->length > session->read + width ? in->length - width : session->read;
    reserve(in, 1 << 16);
    int got = ssh_channel_read(session->channel, in->at + in->length, in->room - in->length, 0);
    if (got <= 0) {
      fail("the session ended", session->ssh);
    }
    in->length += got;
  }
}

static size_t reply(struct session *session) {
  const char *from;
  size_t length = answer(session, "\n##\n", &from);
  if (memmem(from, length, "<rpc-error", 10)) {
    fprintf(stderr, "netconf: %.*s\n", (int)(length > 2000 ? 2000 : length), from);
    exit(1);
  }
  return length;
}

static size_t call(struct session *session, const char *body, size_t length) {
  ask(session, body, length);
  flush(session);
  return reply(session);
}

static void say(struct session *session, const char *body) {
  call(session, body, strlen(body));
}

static struct session *start(void) {
  struct session *session = calloc(1, sizeof *session);
  int no = 0, yes = 1;
  ssh_session ssh = session->ssh = ssh_new();
  ssh_options_set(ssh, SSH_OPTIONS_HOST, "127.0.0.1");
  ssh_options_set(ssh, SSH_OPTIONS_PORT, &port);
  ssh_options_set(ssh, SSH_OPTIONS_USER, user);
  ssh_options_set(ssh, SSH_OPTIONS_PROCESS_CONFIG, &no);
  ssh_options_set(ssh, SSH_OPTIONS_NODELAY, &yes);
  if (ssh_connect(ssh) != SSH_OK) {
    ssh_free(ssh);
    free(session);
    return 0;
  }
  if (ssh_userauth_publickey(ssh, 0, key) != SSH_AUTH_SUCCESS) {
    fail("cannot log in", ssh);
  }
  session->channel = ssh_channel_new(ssh);
  if (ssh_channel_open_session(session->channel) || ssh_channel_request_subsystem(session->channel, "netconf")) {
    fail("no subsystem", ssh);
  }
  print(&session->out, HELLO);
  flush(session);
  const char *from;
  answer(session, "]]>]]>", &from);
  return session;
}

static struct session *begin(void) {
  struct session *session = start();
  if (!session) {
    fail("cannot connect", 0);
  }
  return session;
}

static void end(struct session *session) {
  say(session, "<close-session/>");
  ssh_channel_free(session->channel);
  ssh_disconnect(session->ssh);
  ssh_free(session->ssh);
  free(session->in.at);
  free(session->out.at);
  free(session);
}

static void *load(void *number) {
  static const char body[] = GET("<counter/>");
  int setup = !strcmp(mode, "setup"), commit = !strcmp(mode, "commit");
  struct session *session = setup ? 0 : begin();
  pthread_barrier_wait(&begun);
  for (int i = 0; !setup && !commit && i < outstanding; i++) {
    ask(session, body, sizeof body - 1);
  }
  for (long i = 0; !over; i++) {
    if (setup) {
      end(begin());
    } else if (commit) {
      char edit[256];
      snprintf(edit, sizeof edit, EDIT("<counter>%ld</counter>"), i * 1000 + (long)number);
      say(session, edit);
      say(session, "<commit/>");
    } else {
      flush(session);
      reply(session);
      ask(session, body, sizeof body - 1);
    }
    answered++;
  }
  if (!setup && !commit) {
    session->out.length = 0;
    for (int i = 1; i < outstanding; i++) {
      reply(session);
    }
  }
  if (session) {
    end(session);
  }
  return 0;
}

static void rate(void) {
  pthread_t threads[1024];
  pthread_barrier_init(&begun, 0, sessions + 1);
  for (long i = 0; i < sessions; i++) {
    pthread_create(threads + i, 0, load, (void *)i);
  }
  pthread_barrier_wait(&begun);
  double from = seconds();
  nanosleep(&(struct timespec){(time_t)period, (long)((period - (time_t)period) * 1e9)}, 0);
  long count = answered;
  printf("rate=%.1f\n", count / (seconds() - from));
  over = 1;
  for (int i = 0; i < sessions; i++) {
    pthread_join(threads[i], 0);
  }
}

static void timed(struct session *session, const char *what, const char *body, size_t length) {
  double from = seconds();
  call(session, body, length);
  printf("%s=%.4f\n", what, seconds() - from);
}

static void bulk(void) {
  struct session *session = begin();
  struct text made = {0};
  print(&made, "<edit-config><target><candidate/></target><config>" BENCH);
  for (int i = 0; i < entries; i++) {
    print(&made, "<entry><name>entry-%06d</name><value>%d</value><descr>entry number %d</descr></entry>", i, i, i);
  }
  print(&made, "</bench></config></edit-config>");
  double from = seconds();
  call(session, made.at, made.length);
  say(session, "<commit/>");
  printf("make=%.4f\n", seconds() - from);
  static const char all[] = GET("");
  static const char change[] = EDIT("<entry><name>entry-000077</name><value>7</value></entry>");
  for (int i = 0; i < 3; i++) {
    timed(session, "read", all, sizeof all - 1);
  }
  for (int i = 0; i < 3; i++) {
    from = seconds();
    call(session, change, sizeof change - 1);
    say(session, "<commit/>");
    printf("change=%.4f\n", seconds() - from);
    say(session, EDIT("<entry><name>entry-000077</name><value>77</value></entry>"));
    say(session, "<commit/>");
  }
  say(session, "<edit-config><target><candidate/></target><default-operation>none</default-operation><config><bench "
      "xmlns=\"urn:southbound:yang:bench\" xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\" nc:operation=\"remove\"/>"
      "</config></edit-config>");
  say(session, "<commit/>");
  end(session);
}

static void hold(void) {
  struct session *held[1024];
  for (int i = 0; i < sessions; i++) {
    held[i] = begin();
  }
  printf("held\n");
  fflush(stdout);
  getchar();
  for (int i = 0; i < sessions; i++) {
    end(held[i]);
  }
}

int main(int count, char **arguments) {
  for (int i = 1; i + 1 < count; i += 2) {
    const char *flag = arguments[i], *value = arguments[i + 1];
    if (!strcmp(flag, "--port")) {
      port = atoi(value);
    } else if (!strcmp(flag, "--user")) {
      user = value;
    } else if (!strcmp(flag, "--key")) {
      key_file = value;
    } else if (!strcmp(flag, "--sessions")) {
      sessions = atoi(value);
    } else if (!strcmp(flag, "--outstanding")) {
      outstanding = atoi(value);
    } else if (!strcmp(flag, "--seconds")) {
      period = atof(value);
    } else if (!strcmp(flag, "--entries")) {
      entries = atoi(value);
    } else {
      fail("unknown flag", 0);
    }
  }
  mode = arguments[count - 1];
  ssh_threads_set_callbacks(ssh_threads_get_pthread());
  ssh_init();
  if (!key_file || ssh_pki_import_privkey_file(key_file, 0, 0, 0, &key) != SSH_OK || sessions > 1024) {
    fail("needs --key, and at most 1024 sessions", 0);
  }
  if (!strcmp(mode, "bulk")) {
    bulk();
  } else if (!strcmp(mode, "hold")) {
    hold();
  } else if (!strcmp(mode, "hello")) {  // waits for a server that is about to start
    struct session *session;
    while (!(session = start())) {
      nanosleep(&(struct timespec){0, 2000000}, 0);
    }
    printf("hello\n");
    end(session);
  } else {
    rate();
  }
  return 0;
}
