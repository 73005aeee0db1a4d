// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.session;

import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.function.IntSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.access.User;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/**
 * One NETCONF session: hello, then messages answered one after the other, in order (RFC 6241 section 3). A quick operation runs
 * on the thread that brought its bytes; one that may wait runs on a virtual thread, and until it is done the session reads
 * nothing more, so that the peer is held back by its window and memory stays bounded.
 */
public final class Session {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);
  private static final String BASE_10 = "urn:ietf:params:netconf:base:1.0";
  private static final String BASE_11 = "urn:ietf:params:netconf:base:1.1";
  private static final int BATCH = 32 * 1024;

  /** Why a session ended, in the words of RFC 6470. */
  public enum End {
    CLOSED, KILLED, DROPPED, TIMEOUT, BAD_HELLO, OTHER;

    public String text() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
  }

  private final long id;
  private final User user;
  private final String source;
  private final String transport;
  private final Instant login;
  private final Link link;
  private final Sessions sessions;
  private final Dispatcher dispatcher;
  private final Framing framing;
  private final Outbox outbox;
  private volatile boolean greeted;
  private volatile boolean busy;
  private boolean paused;
  private boolean inputEnded;
  private int withheld;
  private volatile boolean closed;
  private volatile boolean orderly;
  private volatile End end;
  private volatile long killedBy;
  private volatile Runnable whenDrained;
  private volatile IntSupplier idleSeconds = () -> 0;
  private volatile long lastHeard = System.nanoTime();
  private Runnable afterReply;

  /** Counters of RFC 6022. */
  public final Tally inRpcs;
  public final Tally inBadRpcs;
  public final Tally outRpcErrors;
  public final Tally outNotifications;

  /**
   * @param source the client's address
   * @param transport an identity of ietf-netconf-monitoring: netconf-ssh, netconf-tls
   */
  public Session(User user, String source, String transport, Instant login, Link link, Sessions sessions,
      Dispatcher dispatcher,
      int maxMessage) {
    this.id = sessions.nextId();
    this.user = user;
    this.source = source;
    this.transport = transport;
    this.login = login;
    this.link = link;
    this.sessions = sessions;
    this.inRpcs = new Tally(sessions.inRpcs);
    this.inBadRpcs = new Tally(sessions.inBadRpcs);
    this.outRpcErrors = new Tally(sessions.outRpcErrors);
    this.outNotifications = new Tally(sessions.outNotifications);
    this.dispatcher = dispatcher;
    this.framing = new Framing(maxMessage);
    this.outbox = new Outbox(link, this::drained);
  }

  public long id() {
    return id;
  }

  public User user() {
    return user;
  }

  public String source() {
    return source;
  }

  public String transport() {
    return transport;
  }

  public Instant login() {
    return login;
  }

  /** True if it ended, or is about to end, by close-session or kill-session. */
  public boolean endedInOrder() {
    return orderly;
  }

  public boolean isClosed() { return closed; }

  /** Registers the session and says hello; false, and closed, if there are too many. */
  public boolean start() {
    if (!sessions.add(this)) {
      LOG.warn("session of {} from {} refused: too many sessions", user.name(), source);
      closed = true;
      link.close(false);
      return false;
    }
    var out = new XmlOut(4096);
    out.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<hello xmlns=\"").raw(Schema.NETCONF).raw("\"><capabilities>");
    for (String each : dispatcher.capabilities(this)) {
      out.element("capability", each);
    }
    out.raw("</capabilities>").element("session-id", Long.toString(id)).raw("</hello>]]>]]>");
    outbox.send(out.array(), 0, out.length());
    return true;
  }

  /**
   * Takes bytes from the transport.
   *
   * @return how many more the peer may send at once; the rest of the credit comes through {@link Link#credit}
   */
  public synchronized int receive(byte[] bytes, int offset, int count) {
    if (closed) {
      return count;
    }
    lastHeard = System.nanoTime();
    framing.append(bytes, offset, count);
    if (busy) {
      withheld += count;
      return 0;
    }
    proceed();
    return count;
  }

  /** Answers what is there, until nothing is left or an operation needs a thread of its own. Holds the monitor. */
  private void proceed() {
    XmlOut out = null;
    try {
      while (!closed && !orderly) {
        if (!outbox.room()) {
          busy = true;
          paused = true; // until drained
          break;
        }
        if (!framing.next()) {
          framing.idle();
          break;
        }
        if (!greeted) {
          hello();
          continue;
        }
        out = out == null ? new XmlOut(2048) : out;
        int mark = framing.begin(out);
        if (!dispatcher.answer(this, framing.array(), framing.offset(), framing.length(), out, false)) {
          out.truncate(mark);
          byte[] copy = Arrays.copyOfRange(framing.array(), framing.offset(), framing.offset() + framing.length());
          busy = true;
          flush(out);
          out = null;
          Thread.ofVirtual().name("session-" + id).start(() -> slowly(copy));
          break;
        }
        framing.finish(out, mark);
        if (out.length() > BATCH || afterReply != null) {
          flush(out);
          out = null;
          replied();
        }
      }
    } catch (IOException e) {
      LOG.info("session {} of {} from {} ends: {}", id, user.name(), source, e.getMessage());
      close();
    }
    flush(out);
    if ((orderly || inputEnded) && !busy) {
      outbox.finish();
    }
  }

  private void flush(XmlOut out) {
    if (out != null && out.length() > 0) {
      outbox.send(out.array(), 0, out.length());
    }
  }

  private void slowly(byte[] message) {
    var out = new XmlOut(2048);
    int mark = framing.begin(out);
    dispatcher.answer(this, message, 0, message.length, out, true);
    framing.finish(out, mark);
    flush(out);
    replied();
    resume();
  }

  private void replied() {
    Runnable action = afterReply;
    afterReply = null;
    if (action != null) {
      action.run();
    }
  }

  /** What an operation has to do once its reply is on its way. */
  public void afterReply(Runnable action) {
    afterReply = action;
  }

  private void resume() {
    int credit;
    synchronized (this) {
      busy = false;
      lastHeard = System.nanoTime(); // being answered is not being idle
      proceed();
      credit = busy ? 0 : withheld;
      withheld -= credit;
    }
    if (credit > 0) {
      link.credit(credit);
    }
  }

  /** The outbox has room again. */
  private void drained() {
    // On a thread of its own: the caller is the transport, and may hold locks of the transport.
    Thread.ofVirtual().name("session-" + id).start(() -> {
      Runnable also = whenDrained;
      if (also != null) {
        also.run();
      }
      unpause();
    });
  }

  private void unpause() {
    synchronized (this) {
      if (!paused) {
        return;
      }
      paused = false;
    }
    resume();
  }

  private void hello() throws IOException {
    boolean base10 = false;
    boolean base11 = false;
    try {
      XmlIn in = XmlIn.open(framing.array(), framing.offset(), framing.length());
      if (!in.name().equals("hello") || !in.namespace().equals(Schema.NETCONF)) {
        throw new IOException("a message before hello");
      }
      while (in.child()) {
        switch (in.name()) {
          case "capabilities" -> {
            while (in.child()) {
              String capability = in.text().strip();
              base10 |= capability.equals(BASE_10);
              base11 |= capability.equals(BASE_11);
            }
          }
          default -> throw new IOException("a hello with " + in.name());
        }
      }
      in.end();
    } catch (NetconfException e) {
      sessions.badHellos.increment();
      throw new IOException("a hello that is not well-formed");
    } catch (IOException e) {
      sessions.badHellos.increment();
      throw e;
    }
    if (!base10 && !base11) {
      sessions.badHellos.increment();
      throw new IOException("a hello without a base capability in common");
    }
    if (base11) {
      framing.chunked();
    }
    greeted = true;
    sessions.greeted(this);
  }

  /** True if a notification more may be sent now; if not, the runnable of {@link #whenDrained} is called later. */
  public boolean room() {
    return !closed && outbox.room();
  }

  /** What to do when there is room again. */
  public void whenDrained(Runnable action) {
    whenDrained = action;
  }

  /** Sends a notification, complete but for the framing. */
  public void event(byte[] notification) {
    var out = new XmlOut(notification.length + 32);
    int mark = framing.begin(out);
    out.raw(notification);
    framing.finish(out, mark);
    outNotifications.increment();
    outbox.send(out.array(), 0, out.length());
  }

  /** Ends the session after the reply under way: close-session. */
  public void closeAfterReply() {
    because(End.CLOSED);
    orderly = true;
  }

  /** Says why the session is about to end; the first word counts. */
  void because(End reason) {
    end = end == null ? reason : end;
  }

  /** Why the session has ended. */
  public End reason() {
    return end == null ? End.DROPPED : end;
  }

  /** The session that killed this one, or 0. */
  public long killedBy() {
    return killedBy;
  }

  /** Ends the session at once: kill-session, and whatever cannot go on. */
  public void close() {
    because(greeted ? End.OTHER : End.BAD_HELLO);
    closed = true;
    link.close(false);
  }

  /** Ends the session because its time is up. */
  public void expire() {
    because(End.TIMEOUT);
    close();
  }

  /** Ends the session because the session {@code by} asked for it. */
  public void kill(long by) {
    because(End.KILLED);
    killedBy = by;
    orderly = true;
    close();
  }

  /** Closes the session when it has been silent for so many seconds; 0: never. */
  public void idleSeconds(IntSupplier seconds) {
    idleSeconds = seconds;
  }

  void closeIfIdle(long now, long graceNanos, Predicate<Session> exempt) {
    long silent = now - lastHeard;
    long most = idleSeconds.getAsInt() * 1_000_000_000L;
    boolean mute = !greeted && silent > graceNanos;
    boolean working = busy && !paused; // one that is paused waits for a client that does not read
    if (closed || working || !mute && (most == 0 || silent < most || exempt.test(this))) {
      return;
    }
    LOG.info("session {} of {} from {} ends: {}", id, user.name(), source, mute ? "no hello" : "idle for too long");
    expire();
  }

  /** The transport's word that the client sends nothing more: what it asked for is answered, then the session ends. */
  public synchronized void inputEnded() {
    inputEnded = true;
    if (!busy) {
      outbox.finish();
    }
  }

  /** The transport's word that the connection is gone. */
  public void ended() {
    because(End.DROPPED);
    closed = true;
    sessions.remove(this);
  }
}
