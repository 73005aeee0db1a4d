// SPDX-License-Identifier: Apache-2.0
package org.southbound.bench;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import org.southbound.flow.DirtySet;
import org.southbound.flow.FlowKey;
import org.southbound.flow.Record;
import org.southbound.flow.RecordTable;

/** Lookups in a flow table, in batches of 256 of random flows; ns per packet. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class FlowTableBench {
  private static final int BATCH = 256;
  private static final int BATCHES = 4096;

  @Param({"1000", "100000", "1000000"})
  int flows;

  private RecordTable table;
  private DirtySet dirty;
  private final Record record = new Record();
  /** Addresses and ports of the packets to come. */
  private long[][] low;
  private int[][] hashes;
  private final int[] candidates = new int[BATCH];
  private int next;
  private long now;

  private static int hash(long key) {
    return FlowKey.hash(0, key, 0, 7, 6 << 8 | 4);
  }

  /** Fills the table in random order, and draws the packets. */
  @Setup
  public void fill() {
    table = new RecordTable(64, flows);
    dirty = new DirtySet(flows);
    table.defaultTimeout(60_000);
    for (long key = 0; key < flows; key++) {
      insert(key, 0);
    }
    var random = new SplittableRandom(1);
    low = new long[BATCHES][BATCH];
    hashes = new int[BATCHES][BATCH];
    for (int i = 0; i < BATCHES; i++) {
      for (int j = 0; j < BATCH; j++) {
        low[i][j] = random.nextInt(flows);
        hashes[i][j] = hash(low[i][j]);
      }
    }
  }

  private int insert(long key, long now) {
    return table.insert(0, key, 0, 7, 6 << 8 | 4, hash(key), now);
  }

  /** Gives the memory back. */
  @TearDown(Level.Trial)
  public void close() {
    table.close();
    dirty.close();
  }

  private int batch() {
    next = next + 1 & BATCHES - 1;
    return next;
  }

  private long find(int batch) {
    long sum = 0;
    for (int i = 0; i < BATCH; i++) {
      sum += table.find(0, low[batch][i], 0, 7, 6 << 8 | 4, hashes[batch][i]);
    }
    return sum;
  }

  private long findPrefetched(int batch) {
    long sum = table.prefetch(hashes[batch], candidates, 0, BATCH);
    for (int i = 0; i < BATCH; i++) {
      sum += table.find(candidates[i], 0, low[batch][i], 0, 7, 6 << 8 | 4, hashes[batch][i]);
    }
    return sum;
  }

  private long touchPrefetched(int batch) {
    now++;
    long sum = table.prefetch(hashes[batch], candidates, 0, BATCH);
    for (int i = 0; i < BATCH; i++) {
      int id = table.find(candidates[i], 0, low[batch][i], 0, 7, 6 << 8 | 4, hashes[batch][i]);
      record.bind(table, id);
      record.addLong(8, 1);
      table.touch(id, now);
      sum += id;
    }
    return sum;
  }

  /** Lookups alone. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public long hit() {
    return find(batch());
  }

  /** All of a batch prefetched, then looked up. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public long hitPrefetched() {
    return findPrefetched(batch());
  }

  /** Prefetched, looked up, state changed, touched, as a worker and its NF do it. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public long hitPrefetchedTouched() {
    return touchPrefetched(batch());
  }

  /** The same while a transfer tracks what changes. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public long hitPrefetchedTouchedDirty() {
    table.attach(dirty);
    long sum = touchPrefetched(batch());
    table.detach(dirty);
    return sum;
  }

  /** One id of the sweep for idle flows, none of which is idle. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public int sweep(Blackhole ended) {
    return table.expire(1, BATCH, ended::consume);
  }

  /** A flow goes and another one comes. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public long replace() {
    int batch = batch();
    for (int i = 0; i < BATCH; i++) {
      long key = low[batch][i];
      table.remove(table.find(0, key, 0, 7, 6 << 8 | 4, hashes[batch][i]));
      insert(key, 0);
    }
    return batch;
  }
}
