// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xpath;

import java.util.function.Predicate;
import org.southbound.netconf.schema.DataPath;

/**
 * Whose eyes an evaluation of a client's expression has, and how much work it may make: what the user may not read is not there
 * for the expression either, and one that would take for ever ends. One evaluation, one thread.
 */
public final class Viewer {
  /** The work is more than what is allowed. */
  public static final class Exhausted extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Exhausted() {
      super("an XPath expression takes too long", null, false, false);
    }
  }

  private static final long NODES = 5_000_000;
  private static final long NANOS = 3_000_000_000L;
  /** How often the clock is looked at. */
  private static final int STEP = 4096;

  private final Predicate<DataPath> visible;
  private final long deadline;
  private long spent;
  private long look = STEP;

  /** @param visible null if everything may be read */
  public Viewer(Predicate<DataPath> visible) {
    this.visible = visible;
    this.deadline = System.nanoTime() + NANOS;
  }

  boolean seesAll() {
    return visible == null;
  }

  boolean sees(DataPath path) {
    return visible.test(path);
  }

  /** Counts nodes that were looked at, or characters that a pattern was tried on. */
  void spend(int work) {
    spent += work;
    if (spent > look) {
      look = spent + STEP;
      if (spent > NODES || System.nanoTime() - deadline > 0) {
        throw new Exhausted();
      }
    }
  }
}
