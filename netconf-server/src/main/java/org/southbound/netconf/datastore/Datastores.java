// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import java.util.function.UnaryOperator;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.Later;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.access.AccessControl;
import org.southbound.netconf.access.User;
import org.southbound.netconf.datastore.Edit.Operation;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;

/**
 * Running and the shared candidate (RFC 6241 section 8.3). Both are immutable trees behind a reference: reading never waits.
 * When running changes under the candidate, by edit-config or by an RPC, the candidate's edits are made again on the new
 * running. If that is no longer possible, commit says so; it never undoes the change silently.
 *
 * <p>A confirmed commit (RFC 6241 section 8.4) is in force at once, but what is stored stays the configuration before it until it
 * is confirmed: however the server ends meanwhile, it starts again with that. While one waits, running changes only by commits
 * that belong to it; all else that would change running is refused as in-use, so its rollback undoes nobody else's change.
 *
 * <p>A session that has ended changes nothing any more: an operation that it still has under way is done, or refused as a whole,
 * before its locks are given back.
 *
 * <p>Writers are serialised by one lock, held while subscribers prepare: call from a thread that may wait.
 */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
public final class Datastores {
  /** The datastores that can be named. */
  public enum Name {
    RUNNING, CANDIDATE, STARTUP;

    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Who writes. Session 0 is the server itself, which still honours locks. */
  public record Writer(long session, User user) {
    public static final Writer SYSTEM = new Writer(0, User.SYSTEM);
  }

  /** A lock and since when it is held. */
  public record Held(long session, Instant since) {
  }

  /**
   * A lock on parts of running (RFC 5717).
   *
   * @param select the expressions that selected them
   * @param nodes they and all below them are locked, there or not
   */
  public record PartialLock(long id, Held held, List<String> select, Set<DataPath> nodes) {
  }

  /** A change of the tree; throws to refuse. Must not have effects: it may be made again on a newer tree. */
  public interface Change {
    ContainerNode apply(ContainerNode before) throws NetconfException;
  }

  /**
   * That a commit is to be confirmed within some time.
   *
   * @param persist lets other sessions confirm it by this token; null binds it to its session
   */
  public record Confirm(long seconds, String persist) {
  }

  /** What became of a confirmed commit, as RFC 6470 names it. */
  public enum Confirmation {
    START, CANCEL, TIMEOUT, EXTEND, COMPLETE
  }

  /** Hears of confirmed commits. */
  public interface ConfirmListener {
    /** Called under the writers' lock; {@code seconds} until the rollback, 0 if it is over. */
    void confirmation(Writer writer, Confirmation event, long seconds);
  }

  /** A confirmed commit that waits; {@code before} is what a rollback brings back. */
  private record Pending(ContainerNode before, Writer writer, String persist) {
  }

  /** Hears of each change of running, or of startup, after it took effect. */
  public interface Listener {
    void committed(Writer writer, ContainerNode before, ContainerNode after);
  }

  private static final Logger LOG = LoggerFactory.getLogger(Datastores.class);
  /** A rollback that failed is tried again. */
  private static final long RETRY_SECONDS = 10;

  private final YangNode root;
  private final AccessControl access;
  private final Store store;
  private final InstantSource clock;
  private final ScheduledExecutorService timer;
  private final LongPredicate open;
  private final ReentrantLock writing = new ReentrantLock();
  private final Locks locks = new Locks();
  private final List<ConfigSubscriber> subscribers = new CopyOnWriteArrayList<>();
  private final List<Listener> startupListeners = new CopyOnWriteArrayList<>();
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private volatile ContainerNode running;
  private ContainerNode nextStart;
  private Consumer<ContainerNode> nextStartListener = tree -> {
  };
  private final Candidate candidate;
  private final Startup startup;
  private Pending pending;
  private ScheduledFuture<?> expiry;
  private final List<ConfirmListener> confirmListeners = new CopyOnWriteArrayList<>();

  /**
   * @param startup what is stored as startup
   * @param timer tells when a confirmed commit is to be rolled back
   * @param open whether the session of that number goes on
   * @param running a valid tree, already stored
   */
  public Datastores(Schema schema, AccessControl access, Store store, Startup startup,
      InstantSource clock, ScheduledExecutorService timer, LongPredicate open, ContainerNode running) {
    this.root = schema.root();
    this.access = access;
    this.store = store;
    this.clock = clock;
    this.timer = timer;
    this.open = open;
    this.running = running;
    this.nextStart = running;
    this.startup = startup;
    this.candidate = new Candidate(running);
  }

  /**
   * For a thread that must not wait: keeps others from writing until {@link #leave}, if nobody writes now. What would wait for
   * anything else throws {@link Later}.
   */
  public boolean enter() {
    return writing.tryLock();
  }

  public void leave() {
    writing.unlock();
  }

  public ContainerNode running() {
    return running;
  }

  public ContainerNode candidate() {
    return candidate.tree();
  }

  public ContainerNode tree(Name name) {
    return switch (name) {
      case RUNNING -> running;
      case CANDIDATE -> candidate.tree();
      case STARTUP -> startup.tree();
    };
  }

  /**
   * Adds a subscriber. With the trees of now it is asked to prepare and apply at once, empty tree as the one before, so that it
   * starts from what is configured.
   */
  public void subscribe(ConfigSubscriber subscriber) throws NetconfException {
    writing.lock();
    try {
      subscriber.prepare(FileStore.empty(root.schema()), running);
      subscriber.apply();
      subscribers.add(subscriber);
    } finally {
      writing.unlock();
    }
  }

  /** Adds a subscriber that needs nothing of what is configured now. */
  public void addSubscriber(ConfigSubscriber subscriber) {
    subscribers.add(subscriber);
  }

  /** Trees share what did not change. */
  private static boolean concerns(ConfigSubscriber subscriber, ContainerNode before, ContainerNode after) {
    List<YangNode> parts = subscriber.parts();
    return parts.isEmpty()
        || parts.stream().anyMatch(each -> YangNode.find(before, each) != YangNode.find(after, each));
  }

  public void listen(Listener listener) {
    listeners.add(listener);
  }

  /** Calls after each change of startup. */
  public void listenToStartup(Listener listener) {
    startupListeners.add(listener);
  }

  /**
   * Hears of the configuration that the next start begins from, whenever that is another: startup if there is one, else running
   * as it is stored, so without a commit that waits to be confirmed.
   */
  public void onNextStart(Consumer<ContainerNode> listener) {
    nextStartListener = listener;
  }

  private void tellNextStart() {
    ContainerNode stored = pending == null ? running : pending.before;
    ContainerNode next = startup.tree() == startup.none() ? stored : startup.tree();
    if (next != nextStart) {
      nextStart = next;
      nextStartListener.accept(next);
    }
  }

  public void onConfirmation(ConfirmListener listener) {
    confirmListeners.add(listener);
  }

  /** edit-config: on running it takes effect at once, on the candidate with commit. */
  public void edit(Writer writer, Name target, List<Edit> changes, Operation byDefault, boolean testOnly,
      boolean validate)
      throws NetconfException {
    change(writer, target, before -> byDefault == Operation.REPLACE
        ? Editor.apply(root, FileStore.empty(root.schema()), changes, Operation.MERGE)
        : Editor.apply(root, before, changes, byDefault), testOnly, validate);
  }

  /** Replaces a datastore's content: copy-config. */
  public void replace(Writer writer, Name target, ContainerNode content) throws NetconfException {
    change(writer, target, before -> content, false, false);
  }

  /**
   * Copies running to startup, which takes no right but to copy (RFC 8341 section 3.2.5).
   *
   * @param shown how much of it is copied, such as with its defaults
   */
  public void saveRunning(Writer writer, UnaryOperator<ContainerNode> shown) throws NetconfException {
    writing.lock();
    try {
      checkWritable(writer, Name.STARTUP);
      checkSettled();
      ContainerNode after = shown.apply(running);
      Validator.config(root, null, after);
      saved(writer, after);
    } finally {
      writing.unlock();
    }
  }

  private void saved(Writer writer, ContainerNode after) throws NetconfException {
    ContainerNode before = startup.tree();
    startup.save(after);
    tellNextStart();
    for (Listener each : startupListeners) {
      each.committed(writer, before, after);
    }
  }

  /** delete-config: from now on the server starts from running, as it is stored. */
  public void deleteStartup(Writer writer) throws NetconfException {
    writing.lock();
    try {
      checkOpen(writer);
      locks.check(writer, Name.STARTUP);
      access.write(writer.user(), root, startup.tree(), startup.none());
      ContainerNode before = startup.tree();
      startup.delete();
      tellNextStart();
      startupListeners.forEach(each -> each.committed(writer, before, startup.none()));
    } finally {
      writing.unlock();
    }
  }

  /** For RPCs that configure: the same locks, access rules, validation, subscribers and storage as edit-config on running. */
  public void editRunning(Writer writer, Change change) throws NetconfException {
    change(writer, Name.RUNNING, change, false, true);
  }

  private void change(Writer writer, Name target, Change change, boolean testOnly, boolean validate)
      throws NetconfException {
    var secrets = new Secrets(root, change);
    while (!tried(writer, target, secrets, testOnly, validate)) {
      if (writing.isHeldByCurrentThread()) {
        throw new Later();
      }
      secrets.hash();
    }
  }

  /** False if nothing was done but to find that the writer may do it, since passwords are to be hashed first. */
  private boolean tried(Writer writer, Name target, Secrets change, boolean testOnly, boolean validate)
      throws NetconfException {
    writing.lock();
    try {
      checkWritable(writer, target);
      ContainerNode before = tree(target);
      ContainerNode after = applied(writer, change, before);
      access.write(writer.user(), root, before, after);
      if (change.pending()) {
        return false;
      }
      if (target == Name.RUNNING) { // what goes because of a when takes no right to delete it
        after = Conditions.prune(root, running, after);
        locks.checkParts(writer, running, after);
      }
      if (validate || target != Name.CANDIDATE) {
        check(writer, target == Name.RUNNING ? running : null, after);
      }
      if (testOnly || after == before) {
        return true;
      }
      if (target == Name.RUNNING) {
        activate(writer, after, true);
        candidate.rebase(after);
        tellNextStart();
      } else if (target == Name.STARTUP) {
        saved(writer, after);
      } else if (after == running) { // copied from there: nothing is left to commit
        candidate.reset(running);
      } else {
        candidate.edit(change, after);
      }
      return true;
    } finally {
      writing.unlock();
    }
  }

  private ContainerNode applied(Writer writer, Change change, ContainerNode before) throws NetconfException {
    try {
      return change.apply(before);
    } catch (NetconfException e) {
      throw access.tell(writer.user(), e);
    }
  }

  private void check(Writer writer, ContainerNode valid, ContainerNode tree) throws NetconfException {
    try {
      Validator.config(root, valid, tree);
    } catch (NetconfException e) {
      throw access.tell(writer.user(), e);
    }
  }

  /** For RPCs that act before they edit running: would {@link #editRunning} be let in at this moment? Throws in-use if not. */
  public void checkRunning(Writer writer) throws NetconfException {
    writing.lock();
    try {
      checkWritable(writer, Name.RUNNING);
    } finally {
      writing.unlock();
    }
  }

  private void checkWritable(Writer writer, Name target) throws NetconfException {
    checkOpen(writer);
    locks.check(writer, target);
    if (target == Name.RUNNING) {
      checkSettled();
    }
  }

  private void checkSettled() throws NetconfException {
    if (pending != null) {
      throw NetconfException.of(ErrorTag.IN_USE, "A confirmed commit" + (pending.persist != null ? ""
          : " of session " + pending.writer.session) + " waits to be confirmed; confirm or cancel it first.");
    }
  }

  private void checkOpen(Writer writer) throws NetconfException {
    if (writer.session != 0 && !open.test(writer.session)) {
      throw NetconfException.of(ErrorTag.OPERATION_FAILED, "The session has ended.");
    }
  }

  /** Makes the candidate running, for good. */
  public void commit(Writer writer) throws NetconfException {
    commit(writer, null, null);
  }

  /**
   * Makes the candidate running (RFC 6241 sections 8.3.4.1 and 8.4).
   *
   * @param confirm null: for good; else it is rolled back unless confirmed in time
   * @param persistId names the confirmed commit that this one follows or confirms, if that has a token; else null
   */
  public void commit(Writer writer, Confirm confirm, String persistId) throws NetconfException {
    writing.lock();
    try {
      checkOpen(writer);
      locks.check(writer, Name.RUNNING);
      locks.check(writer, Name.CANDIDATE);
      checkPending(writer, persistId);
      candidate.checkCurrent();
      ContainerNode before = running;
      ContainerNode after = Conditions.prune(root, running, candidate.tree());
      if (after != running) {
        access.write(writer.user(), root, running, candidate.tree());
        locks.checkParts(writer, running, after);
        check(writer, running, after);
        activate(writer, after, confirm == null);
      } else if (confirm == null && pending != null) {
        store(running);
      }
      candidate.reset(running);
      confirmed(writer, confirm, before);
      tellNextStart();
    } finally {
      writing.unlock();
    }
  }

  /** Rolls a confirmed commit back: cancel-commit. */
  public void cancel(Writer writer, String persistId) throws NetconfException {
    writing.lock();
    try {
      checkOpen(writer);
      locks.check(writer, Name.RUNNING);
      checkPending(writer, persistId);
      if (pending == null) {
        throw NetconfException.of(ErrorTag.OPERATION_FAILED, "No confirmed commit waits to be confirmed.");
      }
      try {
        revert(writer, Confirmation.CANCEL);
      } catch (NetconfException e) {
        throw NetconfException.of(ErrorTag.ROLLBACK_FAILED, "The commit is still in force and waits to be confirmed: "
            + e.getMessage()).appTag(e.appTag()).at(e.path());
      }
    } finally {
      writing.unlock();
    }
  }

  /** Does a commit or its cancellation belong to the confirmed commit that waits, if one does? */
  private void checkPending(Writer writer, String persistId) throws NetconfException {
    if (persistId != null && (pending == null || !persistId.equals(pending.persist))) {
      throw NetconfException
          .of(ErrorTag.INVALID_VALUE, "No confirmed commit with this persist-id waits to be confirmed.")
          .type("protocol").info("bad-element", "persist-id");
    }
    if (pending != null && persistId == null
        && (pending.persist != null || pending.writer.session != writer.session)) {
      throw NetconfException.of(ErrorTag.IN_USE, pending.persist != null
          ? "A confirmed commit waits to be confirmed with its persist-id."
          : "A confirmed commit of session " + pending.writer.session + " waits to be confirmed by that session.");
    }
  }

  /** A commit is done: one that waited is over or extended, a new one begins to wait. */
  private void confirmed(Writer writer, Confirm confirm, ContainerNode before) {
    Pending last = pending;
    if (last != null) {
      expiry.cancel(false);
    }
    if (confirm == null) {
      pending = null;
      if (last != null) {
        tell(writer, Confirmation.COMPLETE, 0);
      }
      return;
    }
    String persist = confirm.persist == null && last != null ? last.persist : confirm.persist;
    var next = new Pending(last == null ? before : last.before, writer, persist);
    pending = next;
    expireAfter(next, confirm.seconds);
    tell(writer, last == null ? Confirmation.START : Confirmation.EXTEND, confirm.seconds);
  }

  private void expireAfter(Pending which, long seconds) {
    // The timer's thread must not wait for a writer.
    expiry = timer.schedule(() -> Thread.ofVirtual().name("rollback").start(() -> expire(which)), seconds,
        TimeUnit.SECONDS);
  }

  private void expire(Pending which) {
    writing.lock();
    try {
      if (pending == which) {
        LOG.warn("a confirmed commit of {} was not confirmed in time and is rolled back", which.writer.user().name());
        roll(Confirmation.TIMEOUT);
      }
    } finally {
      writing.unlock();
    }
  }

  /** Rolls back without anybody who could be told of a failure: then it is tried again. */
  private void roll(Confirmation why) {
    try {
      revert(Writer.SYSTEM, why);
    } catch (NetconfException | RuntimeException e) {
      LOG.error("a confirmed commit cannot be rolled back, tried again in {} s: {}", RETRY_SECONDS, e.toString());
      expireAfter(pending, RETRY_SECONDS);
    }
  }

  private void revert(Writer writer, Confirmation why) throws NetconfException {
    if (running != pending.before) {
      activate(writer, pending.before, false); // it is what is stored
      candidate.rebase(running);
    }
    // RFC 6470: one that the session's end cancels is the session's.
    Writer teller = why == Confirmation.CANCEL && writer.session == 0 ? pending.writer : writer;
    pending = null;
    expiry.cancel(false);
    tell(teller, why, 0);
  }

  private void tell(Writer writer, Confirmation event, long seconds) {
    for (ConfirmListener each : confirmListeners) {
      each.confirmation(writer, event, seconds);
    }
  }

  /** Takes back all changes of the candidate. */
  public void discard(Writer writer) throws NetconfException {
    writing.lock();
    try {
      checkOpen(writer);
      locks.check(writer, Name.CANDIDATE);
      candidate.reset(running);
    } finally {
      writing.unlock();
    }
  }

  private void store(ContainerNode tree) throws NetconfException {
    try {
      store.save(tree);
    } catch (IOException e) {
      throw unstorable(e);
    }
  }

  static NetconfException unstorable(IOException e) {
    LOG.error("the configuration cannot be stored: {}", e.toString());
    return NetconfException.of(ErrorTag.OPERATION_FAILED,
        "The configuration cannot be stored (" + e.getMessage() + "); nothing was changed.");
  }

  /** @param keep whether it is stored, too */
  private void activate(Writer writer, ContainerNode after, boolean keep) throws NetconfException {
    ContainerNode before = running;
    var ready = new ArrayList<ConfigSubscriber>(subscribers.size());
    boolean done = false;
    try {
      for (ConfigSubscriber each : subscribers) {
        if (concerns(each, before, after)) {
          each.prepare(before, after);
          ready.add(each);
        }
      }
      if (keep) {
        store(after);
      }
      done = true;
    } finally {
      if (!done) {
        for (ConfigSubscriber each : ready.reversed()) {
          each.rollback();
        }
      }
    }
    running = after;
    for (ConfigSubscriber each : ready) {
      try {
        each.apply();
      } catch (RuntimeException e) {
        LOG.error("a subscriber failed to apply what it had agreed to", e);
      }
    }
    for (Listener each : listeners) {
      each.committed(writer, before, after);
    }
  }

  /** Checks a tree as a commit of that user would. */
  public void validate(User user, ContainerNode tree) throws NetconfException {
    try {
      if (tree == candidate.tree()) {
        candidate.checkCurrent();
      }
      Validator.config(root, running, Conditions.prune(root, running, tree));
    } catch (NetconfException e) {
      throw access.tell(user, e);
    }
  }

  /** Locks a datastore for a session (RFC 6241 section 7.5). */
  public void lock(Writer writer, Name name) throws NetconfException {
    writing.lock();
    try {
      checkOpen(writer);
      if (name == Name.CANDIDATE && locks.holder(name) == null && candidate.isChanged()) {
        throw Locks.denied("The candidate has changes that are neither committed nor discarded.", 0);
      }
      boolean others = pending != null && (pending.persist != null || pending.writer.session != writer.session);
      if (name == Name.RUNNING && others) { // RFC 6241 section 7.5
        throw Locks.denied("A confirmed commit waits to be confirmed, and its rollback changes running.",
            pending.persist != null ? 0 : pending.writer.session);
      }
      locks.lock(writer, name, clock.instant());
    } finally {
      writing.unlock();
    }
  }

  /**
   * Locks parts of running (RFC 5717 section 2.4.1).
   *
   * @param seen running as it was when the parts were selected
   * @return null if running is another by now: then nothing is done
   */
  public PartialLock lockParts(Writer writer, List<String> select, ContainerNode seen, Set<DataPath> parts)
      throws NetconfException {
    writing.lock();
    try {
      checkOpen(writer);
      if (pending != null) {
        throw NetconfException
            .of(ErrorTag.IN_USE, "A confirmed commit waits to be confirmed, and its rollback may change any part.")
            .appTag("outstanding-confirmed-commit");
      }
      return running == seen ? locks.lockParts(writer, select, parts, clock.instant()) : null;
    } finally {
      writing.unlock();
    }
  }

  /** Gives a lock on parts back (RFC 5717 section 2.4.2). */
  public void unlockParts(Writer writer, long id) throws NetconfException {
    writing.lock();
    try {
      locks.unlockParts(writer.session, id);
    } finally {
      writing.unlock();
    }
  }

  /** The locks on parts of running. */
  public List<PartialLock> partialLocks() {
    writing.lock();
    try {
      return locks.parts();
    } finally {
      writing.unlock();
    }
  }

  /** Gives a lock back; giving back the candidate's discards its changes. */
  public void unlock(long session, Name name) throws NetconfException {
    writing.lock();
    try {
      locks.unlock(session, name);
      if (name == Name.CANDIDATE) {
        candidate.reset(running);
      }
    } finally {
      writing.unlock();
    }
  }

  /** A session is gone: so are its confirmed commit, unless that is persistent, and its locks. */
  public void ended(long session) {
    writing.lock();
    try {
      if (pending != null && pending.persist == null && pending.writer.session == session) {
        LOG.warn("session {} ended before it confirmed its commit, which is rolled back", session);
        roll(Confirmation.CANCEL);
      }
      locks.releaseParts(session);
      for (Name each : Name.values()) {
        if (locks.release(session, each) && each == Name.CANDIDATE) {
          candidate.reset(running);
        }
      }
    } finally {
      writing.unlock();
    }
  }

  /** All locks that are held. */
  public List<Held> held() {
    writing.lock();
    try {
      return locks.all();
    } finally {
      writing.unlock();
    }
  }

  /** Who holds the lock, or null. */
  public Held holder(Name name) {
    writing.lock();
    try {
      return locks.holder(name);
    } finally {
      writing.unlock();
    }
  }
}
