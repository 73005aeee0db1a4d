// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.access.AccessControl;
import org.southbound.netconf.access.User;
import org.southbound.netconf.datastore.Edit.Operation;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;

/**
 * Running and the shared candidate (RFC 6241 section 8.3). Both are immutable trees behind a reference: reading never waits.
 * The candidate is the list of edits made on it, together with the tree they lead to; when running changes under it, by
 * edit-config or by an RPC, the edits are made again on the new running. If that is no longer possible, commit says so; it never
 * undoes the change silently.
 *
 * <p>Writers are serialised by one lock, held while subscribers prepare: call from a thread that may wait.
 */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
public final class Datastores {
  /** The datastores that can be named. */
  public enum Name {
    RUNNING, CANDIDATE;

    public String text() {
      return this == RUNNING ? "running" : "candidate";
    }
  }

  /** Who writes. Session 0 is the server itself, which still honours locks. */
  public record Writer(long session, User user) {
    public static final Writer SYSTEM = new Writer(0, User.SYSTEM);
  }

  /** A lock and since when it is held. */
  public record Held(long session, Instant since) {
  }

  /** A change of the tree; throws to refuse. Must not have effects: it may be made again on a newer tree. */
  public interface Change {
    ContainerNode apply(ContainerNode before) throws NetconfException;
  }

  /** Hears of each change of running, after it took effect. */
  public interface Listener {
    void committed(Writer writer, ContainerNode before, ContainerNode after);
  }

  private static final Logger LOG = LoggerFactory.getLogger(Datastores.class);
  /** Beyond that the candidate keeps its tree only, and a change of running under it makes commit fail. */
  private static final int MAX_EDITS = 100_000;

  private final YangNode root;
  private final AccessControl access;
  private final Store store;
  private final InstantSource clock;
  private final ReentrantLock writing = new ReentrantLock();
  private final Map<Name, Held> locks = new EnumMap<>(Name.class);
  private final List<ConfigSubscriber> subscribers = new CopyOnWriteArrayList<>();
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private volatile ContainerNode running;
  private volatile ContainerNode candidate;
  private ContainerNode base;
  private final ArrayList<Change> edits = new ArrayList<>();
  private NetconfException stale;

  /** @param running a valid tree, already stored */
  public Datastores(Schema schema, AccessControl access, Store store, InstantSource clock, ContainerNode running) {
    this.root = schema.root();
    this.access = access;
    this.store = store;
    this.clock = clock;
    this.running = running;
    this.candidate = running;
    this.base = running;
  }

  public ContainerNode running() {
    return running;
  }

  public ContainerNode candidate() {
    return candidate;
  }

  public ContainerNode tree(Name name) {
    return name == Name.RUNNING ? running : candidate;
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

  public void listen(Listener listener) {
    listeners.add(listener);
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

  /** For RPCs that configure: the same locks, access rules, validation, subscribers and storage as edit-config on running. */
  public void editRunning(Writer writer, Change change) throws NetconfException {
    change(writer, Name.RUNNING, change, false, true);
  }

  private void change(Writer writer, Name target, Change change, boolean testOnly, boolean validate)
      throws NetconfException {
    var secrets = new Secrets(root, change);
    while (!tried(writer, target, secrets, testOnly, validate)) {
      secrets.hash();
    }
  }

  /** False if nothing was done but to find that the writer may do it, since passwords are to be hashed first. */
  private boolean tried(Writer writer, Name target, Secrets change, boolean testOnly, boolean validate)
      throws NetconfException {
    writing.lock();
    try {
      checkLock(writer, target);
      ContainerNode before = tree(target);
      ContainerNode after = applied(writer, change, before);
      access.write(writer.user(), root, before, after);
      if (change.pending()) {
        return false;
      }
      if (target == Name.RUNNING) { // what goes because of a when takes no right to delete it
        after = Conditions.prune(root, running, after);
      }
      if (validate || target == Name.RUNNING) {
        Validator.config(root, target == Name.RUNNING ? running : null, after);
      }
      if (testOnly || after == before) {
        return true;
      }
      if (target == Name.RUNNING) {
        activate(writer, after);
        rebase();
      } else {
        candidate = after;
        if (after == running) { // copied from there: nothing is left to commit
          reset();
        } else if (edits.size() < MAX_EDITS) {
          edits.add(change);
        }
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

  /** Makes the candidate running. */
  public void commit(Writer writer) throws NetconfException {
    writing.lock();
    try {
      checkLock(writer, Name.RUNNING);
      checkLock(writer, Name.CANDIDATE);
      if (stale != null) {
        throw stale;
      }
      ContainerNode after = Conditions.prune(root, running, candidate);
      if (after != running) {
        access.write(writer.user(), root, running, candidate);
        Validator.config(root, running, after);
        activate(writer, after);
      }
      reset();
    } finally {
      writing.unlock();
    }
  }

  /** Takes back all changes of the candidate. */
  public void discard(Writer writer) throws NetconfException {
    writing.lock();
    try {
      checkLock(writer, Name.CANDIDATE);
      reset();
    } finally {
      writing.unlock();
    }
  }

  private void reset() {
    candidate = running;
    base = running;
    edits.clear();
    stale = null;
  }

  /** Running has changed under the candidate. */
  private void rebase() {
    if (edits.isEmpty() && stale == null) {
      reset();
      return;
    }
    try {
      if (edits.size() >= MAX_EDITS) {
        throw NetconfException.of(ErrorTag.OPERATION_FAILED, "too many edits");
      }
      ContainerNode tree = running;
      for (Change each : edits) {
        tree = each.apply(tree);
      }
      candidate = tree;
      base = running;
      stale = null;
    } catch (NetconfException e) {
      stale = NetconfException
          .of(ErrorTag.OPERATION_FAILED,
              "Running has changed since the candidate was edited, and the edits no longer fit: " + e.getMessage()
                  + " Discard the changes and edit again.")
          .appTag("candidate-outdated").at(e.path());
    }
  }

  private void activate(Writer writer, ContainerNode after) throws NetconfException {
    ContainerNode before = running;
    var ready = new ArrayList<ConfigSubscriber>(subscribers.size());
    boolean done = false;
    try {
      for (ConfigSubscriber each : subscribers) {
        each.prepare(before, after);
        ready.add(each);
      }
      store.save(after);
      done = true;
    } catch (IOException e) {
      LOG.error("the configuration cannot be stored: {}", e.toString());
      throw NetconfException.of(ErrorTag.OPERATION_FAILED,
          "The configuration cannot be stored (" + e.getMessage() + "); nothing was changed.");
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

  /** Checks a tree as a commit would. */
  public void validate(ContainerNode tree) throws NetconfException {
    if (tree == candidate && stale != null) {
      throw stale;
    }
    Validator.config(root, running, Conditions.prune(root, running, tree));
  }

  /** Locks a datastore for a session (RFC 6241 section 7.5). */
  public void lock(long session, Name name) throws NetconfException {
    writing.lock();
    try {
      Held holder = locks.get(name);
      if (holder != null) {
        throw NetconfException
            .of(ErrorTag.LOCK_DENIED, "Session " + holder.session + " holds the lock on " + name.text() + ".")
            .info("session-id", Long.toString(holder.session));
      }
      if (name == Name.CANDIDATE && candidate != base) {
        throw NetconfException
            .of(ErrorTag.LOCK_DENIED, "The candidate has changes that are neither committed nor discarded.")
            .info("session-id", "0");
      }
      locks.put(name, new Held(session, clock.instant()));
    } finally {
      writing.unlock();
    }
  }

  /** Gives a lock back; giving back the candidate's discards its changes. */
  public void unlock(long session, Name name) throws NetconfException {
    writing.lock();
    try {
      Held holder = locks.get(name);
      if (holder == null || holder.session != session) {
        throw NetconfException.of(ErrorTag.OPERATION_FAILED, holder == null
            ? "The lock on " + name.text() + " is not held."
            : "The lock on " + name.text() + " is held by session " + holder.session + ".");
      }
      release(name);
    } finally {
      writing.unlock();
    }
  }

  private void release(Name name) {
    locks.remove(name);
    if (name == Name.CANDIDATE) {
      reset();
    }
  }

  /** A session is gone: so are its locks. */
  public void ended(long session) {
    writing.lock();
    try {
      for (Name each : Name.values()) {
        Held holder = locks.get(each);
        if (holder != null && holder.session == session) {
          release(each);
        }
      }
    } finally {
      writing.unlock();
    }
  }

  /** Who holds the lock, or null. */
  public Held holder(Name name) {
    writing.lock();
    try {
      return locks.get(name);
    } finally {
      writing.unlock();
    }
  }

  private void checkLock(Writer writer, Name name) throws NetconfException {
    Held holder = locks.get(name);
    if (holder != null && holder.session != writer.session()) {
      throw NetconfException
          .of(ErrorTag.IN_USE, "Session " + holder.session + " holds the lock on " + name.text() + ".")
          .info("session-id", Long.toString(holder.session));
    }
  }
}
