// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

/**
 * Thrown to a thread that others need by what turns out to take long: nothing was done, and it is to be asked for again from a
 * thread that may wait.
 */
public final class Later extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public Later() {
    super("not on this thread", null, false, false);
  }
}
