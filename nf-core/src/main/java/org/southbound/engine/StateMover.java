// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.function.IntPredicate;
import org.southbound.flow.DirtySet;
import org.southbound.flow.FlowKey;
import org.southbound.flow.FlowSpace;
import org.southbound.flow.RecordTable;
import org.southbound.state.StateLayout;
import org.southbound.state.StateLayout.Merge;

/**
 * Takes a scope's records out of the workers' tables as bytes, and puts them in: in slices, between which the workers
 * go on with packets. A slice is made by the worker itself, so no record is torn.
 */
final class StateMover {
  /** Octets of a slice. */
  static final int SLICE = 64 * 1024;

  /** Octets of a key. */
  static final int KEY = 40;

  private static final int LOOKED_AT = 8192;
  /** RecordTable flag: imported by a transfer that has not ended; removed if it fails. */
  private static final int STAGED = 2;

  private final Dataplane dataplane;

  StateMover(Dataplane dataplane) {
    this.dataplane = dataplane;
  }

  /** The layouts of the kinds that are wanted, in the order of the specification. */
  List<StateLayout> layouts(EnumSet<StateLayout.Kind> parts) {
    return dataplane.workers().getFirst().tables().keySet().stream().filter(layout -> parts.contains(layout.kind()))
        .toList();
  }

  /** Takes records of one slice. */
  @FunctionalInterface
  interface Sink<E extends Exception> {
    /** The bytes are the sink's to keep. */
    void accept(Worker from, int schema, int count, byte[] records, int length) throws E;
  }

  /** Records of a scope by layout: how many, and their octets. */
  List<long[]> count(List<StateLayout> layouts, FlowSpace scope) {
    var result = new ArrayList<long[]>();
    for (var layout : layouts) {
      long[] sum = new long[2];
      for (var worker : dataplane.workers()) {
        var table = worker.tables().get(layout);
        for (int cursor = first(table); cursor >= 0;) {
          int from = cursor;
          long[] part = Dataplane.on(worker, () -> {
            long n = 0;
            int id = table.next(from);
            for (int i = 0; id >= 0 && i < LOOKED_AT; i++, id = table.next(id + 1)) {
              n += belongs(layout, scope, table, id) ? 1 : 0;
            }
            return new long[]{n, n * table.recordBytes(), id};
          });
          sum[0] += part[0];
          sum[1] += part[1];
          cursor = (int) part[2];
        }
      }
      result.add(sum);
    }
    return result;
  }

  /** Where to begin with a table; of an empty one the worker, which may sleep, need not be asked. */
  private static int first(RecordTable table) {
    return table.size() == 0 ? -1 : 0;
  }

  private static boolean belongs(StateLayout layout, FlowSpace scope, RecordTable table, int id) {
    return layout.kind() == StateLayout.Kind.PER_FLOW ? scope.matchesFlow(table, id)
        : layout.keys().belongs(scope, table, id);
  }

  /** Exports the records of a scope; returns how many of each layout. */
  <E extends Exception> long[] export(List<StateLayout> layouts, FlowSpace scope, Sink<E> sink) throws E {
    long[] counts = new long[layouts.size()];
    for (int schema = 0; schema < counts.length; schema++) {
      var layout = layouts.get(schema);
      for (var worker : dataplane.workers()) {
        var table = worker.tables().get(layout);
        counts[schema] += slices(worker, table, schema, id -> belongs(layout, scope, table, id), sink);
      }
    }
    return counts;
  }

  private static <E extends Exception> long slices(Worker worker, RecordTable table, int schema, IntPredicate wanted,
      Sink<E> sink) throws E {
    long count = 0;
    for (int cursor = first(table); cursor >= 0;) {
      int from = cursor;
      byte[] bytes = new byte[SLICE];
      int[] slice = Dataplane.on(worker, () -> slice(worker, table, from, wanted, bytes));
      if (slice[0] > 0) {
        sink.accept(worker, schema, slice[0], bytes, slice[0] * table.recordBytes());
      }
      count += slice[0];
      cursor = slice[1];
    }
    return count;
  }

  /** Number of records, and where to go on. */
  private static int[] slice(Worker worker, RecordTable table, int from, IntPredicate wanted, byte[] bytes) {
    var to = MemorySegment.ofArray(bytes);
    int size = table.recordBytes();
    int most = bytes.length / size;
    int n = 0;
    int id = table.next(from);
    for (int i = 0; id >= 0 && n < most && i < LOOKED_AT; i++) {
      if (wanted.test(id)) {
        export(worker, table, id, to, (long) n++ * size);
      }
      id = table.next(id + 1);
    }
    return new int[]{n, id};
  }

  private static void export(Worker worker, RecordTable table, int id, MemorySegment to, long at) {
    table.exportRecord(id, to, at, worker.nowMillis());
    // Whether a transfer to here has ended is no concern of who gets the record.
    long flags = at + RecordTable.FLAGS;
    to.set(StateLayout.U32, flags, to.get(StateLayout.U32, flags) & ~STAGED);
  }

  /** Exports the records of a scope that changed since the last time, and forgets that they did. */
  <E extends Exception> long exportDirty(List<StateLayout> layouts, FlowSpace scope, List<List<DirtySet>> dirty,
      Sink<E> sink, RemovedSink<E> removed) throws E {
    long count = 0;
    for (int schema = 0; schema < layouts.size(); schema++) {
      var layout = layouts.get(schema);
      for (int w = 0; w < dataplane.workers().size(); w++) {
        var worker = dataplane.workers().get(w);
        var table = worker.tables().get(layout);
        var set = dirty.get(schema).get(w);
        // First what went: a key that came back meanwhile is among the records.
        byte[] gone = Dataplane.on(worker, () -> takeGone(set));
        if (gone.length > 0) {
          removed.accept(schema, gone);
        }
        for (int cursor = 0; cursor >= 0;) {
          int from = cursor;
          byte[] bytes = new byte[SLICE];
          int[] slice = Dataplane.on(worker, () -> dirtySlice(worker, layout, scope, table, set, from, bytes));
          if (slice[0] > 0) {
            sink.accept(worker, schema, slice[0], bytes, slice[0] * table.recordBytes());
          }
          count += slice[0];
          cursor = slice[1];
        }
      }
    }
    return count;
  }

  /** Takes keys of records that went, 40 octets each. */
  @FunctionalInterface
  interface RemovedSink<E extends Exception> {
    void accept(int schema, byte[] keys) throws E;
  }

  private static byte[] takeGone(DirtySet set) {
    byte[] keys = new byte[set.goneCount() * KEY];
    var to = MemorySegment.ofArray(keys);
    for (int j = 0; j < set.goneCount(); j++) {
      for (int i = 0; i < 5; i++) {
        to.set(StateLayout.U64, (long) j * KEY + 8L * i, set.goneKey(j, i));
      }
    }
    set.clearGone();
    return keys;
  }

  private static int[] dirtySlice(Worker worker, StateLayout layout, FlowSpace scope, RecordTable table, DirtySet set,
      int from, byte[] bytes) {
    var to = MemorySegment.ofArray(bytes);
    int size = table.recordBytes();
    int most = bytes.length / size;
    int n = 0;
    int id = set.next(from);
    for (int i = 0; id >= 0 && n < most && i < LOOKED_AT; i++) {
      if (table.exists(id) && belongs(layout, scope, table, id)) {
        export(worker, table, id, to, (long) n++ * size);
      }
      set.clear(id);
      id = set.next(id + 1);
    }
    return new int[]{n, id};
  }

  /** Begins to note what changes, in every worker; by layout, then worker. */
  List<List<DirtySet>> track(List<StateLayout> layouts) {
    return layouts.stream().map(layout -> dataplane.each(worker -> {
      var table = worker.tables().get(layout);
      var set = new DirtySet(table.maximum());
      table.attach(set);
      return set;
    })).toList();
  }

  /** Ends {@link #track}. */
  void untrack(List<StateLayout> layouts, List<List<DirtySet>> dirty) {
    for (int schema = 0; schema < layouts.size(); schema++) {
      for (int w = 0; w < dataplane.workers().size(); w++) {
        var worker = dataplane.workers().get(w);
        var table = worker.tables().get(layouts.get(schema));
        var set = dirty.get(schema).get(w);
        Dataplane.on(worker, () -> {
          table.detach(set);
          return null;
        });
        set.close();
      }
    }
  }

  /** The worker that a key's packets come to. */
  private Worker owner(int hash) {
    var workers = dataplane.workers();
    return workers.get(workers.size() == 1 ? 0 : Worker.owner(hash, workers.size()));
  }

  /**
   * Puts records in. {@code staged}: they can still be taken back by {@link #unstage}. Returns how many were taken;
   * records of which a newer version is here count too.
   *
   * @throws TableFullException the table has no room
   */
  int importRecords(StateLayout layout, byte[] records, int size, boolean staged) throws TableFullException {
    var from = MemorySegment.ofArray(records);
    int n = records.length / size;
    boolean single = dataplane.workers().size() == 1;
    int taken = 0;
    for (var worker : dataplane.workers()) {
      int here = Dataplane.on(worker, () -> {
        var table = worker.tables().get(layout);
        int mine = 0;
        for (int i = 0; i < n; i++) {
          long at = (long) i * size;
          int hash = hash(from, at);
          if (!single && owner(hash) != worker) {
            continue;
          }
          int id = importOne(layout, table, from, at, hash, worker.nowMillis());
          if (id == RecordTable.FULL) {
            return -1;
          }
          if (staged && id >= 0) {
            table.header(id, RecordTable.FLAGS, table.header(id, RecordTable.FLAGS) | STAGED);
          }
          mine++;
        }
        return mine;
      });
      if (here < 0) {
        throw new TableFullException();
      }
      taken += here;
    }
    return taken;
  }

  /** No room for imported records. */
  static final class TableFullException extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** The i-th word of the key at {@code at}. */
  static long word(MemorySegment from, long at, int i) {
    return from.get(StateLayout.U64, at + 8L * i);
  }

  private static int importOne(StateLayout layout, RecordTable table, MemorySegment from, long at, int hash,
      long now) {
    if (layout.merge() != Merge.REPLACE) {
      int id = table.find(word(from, at, 0), word(from, at, 1), word(from, at, 2), word(from, at, 3),
          word(from, at, 4), hash);
      if (id >= 0) {
        Merges.into(layout, table, id, from, at + RecordTable.HEADER);
        table.touch(id, now);
        return id;
      }
    }
    return table.importRecord(from, at, hash, now);
  }

  /** What was staged for a scope becomes the NF's own. */
  void settle(List<StateLayout> layouts, FlowSpace scope) {
    sweep(layouts, scope, true, (worker, table, id) -> table.header(id, RecordTable.FLAGS,
        table.header(id, RecordTable.FLAGS) & ~STAGED));
  }

  /**
   * Removes shared records that were exported. Flows that stay may have changed them since: such a record stays, less what
   * was exported where it is a sum, so that nothing is counted twice or lost.
   */
  void removeExported(StateLayout layout, Worker worker, byte[] records, int count) {
    var from = MemorySegment.ofArray(records);
    Dataplane.on(worker, () -> {
      var table = worker.tables().get(layout);
      for (int i = 0; i < count; i++) {
        long at = (long) i * table.recordBytes();
        int id = table.find(word(from, at, 0), word(from, at, 1), word(from, at, 2), word(from, at, 3),
            word(from, at, 4), hash(from, at));
        if (id < 0) {
          continue;
        }
        if (table.header(id, RecordTable.VERSION) == from.get(StateLayout.U32, at + RecordTable.VERSION)) {
          table.remove(id);
        } else if (layout.merge() == Merge.SUM) {
          Merges.subtract(layout, table, id, from, at + RecordTable.HEADER);
          table.touch(id, Integer.toUnsignedLong(table.header(id, RecordTable.LAST_SEEN)));
        }
      }
      return null;
    });
  }

  /** Hash of the key at {@code at}. */
  static int hash(MemorySegment from, long at) {
    return FlowKey.hash(word(from, at, 0), word(from, at, 1), word(from, at, 2), word(from, at, 3),
        word(from, at, 4));
  }

  /** Takes back what was staged for a scope. */
  void unstage(List<StateLayout> layouts, FlowSpace scope) {
    sweep(layouts, scope, true, (worker, table, id) -> table.remove(id));
  }

  /** Removes a scope's records: they are another NF's now. */
  void remove(List<StateLayout> layouts, FlowSpace scope) {
    sweep(layouts, scope, false, (worker, table, id) -> table.remove(id));
  }

  private interface Step {
    void run(Worker worker, RecordTable table, int id);
  }

  private void sweep(List<StateLayout> layouts, FlowSpace scope, boolean staged, Step step) {
    for (var layout : layouts) {
      for (var worker : dataplane.workers()) {
        var table = worker.tables().get(layout);
        for (int cursor = first(table); cursor >= 0;) {
          int from = cursor;
          cursor = Dataplane.on(worker, () -> {
            int id = table.next(from);
            for (int i = 0; id >= 0 && i < LOOKED_AT; i++) {
              int next = table.next(id + 1);
              boolean flagged = (table.header(id, RecordTable.FLAGS) & STAGED) != 0;
              if ((!staged || flagged) && belongs(layout, scope, table, id)) {
                step.run(worker, table, id);
              }
              id = next;
            }
            return id;
          });
        }
      }
    }
  }

  /** Puts a guard before a scope on every worker. */
  List<Guard> guard(java.util.function.Supplier<Guard> make) {
    return dataplane.each(worker -> {
      var guard = make.get();
      worker.add(guard);
      return guard;
    });
  }

  /** Does something with each worker's guard, on the worker's thread; returns how many packets they held before. */
  long guards(List<Guard> guards, java.util.function.BiConsumer<Worker, Guard> step) {
    long held = 0;
    for (int i = 0; i < guards.size(); i++) {
      var worker = dataplane.workers().get(i);
      var guard = guards.get(i);
      held += Dataplane.on(worker, () -> {
        int before = guard.held();
        step.accept(worker, guard);
        return before;
      });
    }
    return held;
  }

  /** A scope is this NF's own again, also a part of what it once redirected or was fenced from. */
  void regain(FlowSpace scope, java.util.UUID job, long epoch) {
    dataplane.each(worker -> {
      var guard = new Guard(job, scope, epoch, Guard.Mode.OPEN, 0);
      worker.add(guard);
      worker.settle(guard);
      return null;
    });
  }
}
