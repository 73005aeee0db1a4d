// SPDX-License-Identifier: Apache-2.0
package org.southbound.metrics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A number that one thread writes and any thread reads; as cheap as a field. */
public final class Counter {
  private static final VarHandle VALUE;

  static {
    try {
      VALUE = MethodHandles.lookup().findVarHandle(Counter.class, "value", long.class);
    } catch (ReflectiveOperationException impossible) {
      throw new ExceptionInInitializerError(impossible);
    }
  }

  @SuppressWarnings("unused")
  private long value;

  /** Adds; the owning thread only. */
  public void add(long n) {
    VALUE.setOpaque(this, (long) VALUE.get(this) + n);
  }

  /** Sets; the owning thread only. */
  public void set(long n) {
    VALUE.setOpaque(this, n);
  }

  /** The value; any thread. */
  public long get() {
    return (long) VALUE.getOpaque(this);
  }
}
