// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.session;

import java.util.concurrent.atomic.LongAdder;

/** A counter of one session that counts for all sessions too, so that the sum never falls when a session ends. */
public final class Tally {
  private final LongAdder own = new LongAdder();
  private final LongAdder all;

  Tally(LongAdder all) {
    this.all = all;
  }

  public void increment() {
    own.increment();
    all.increment();
  }

  public long sum() {
    return own.sum();
  }
}
