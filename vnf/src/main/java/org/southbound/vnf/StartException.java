// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

/** An instance cannot start; the message is one line that says what to do. */
public final class StartException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean usage;

  /** A failure; {@code usage}: the command line was wrong. */
  public StartException(String message, boolean usage, Throwable cause) {
    super(message, cause);
    this.usage = usage;
  }

  /** Exit code of the program. */
  public int exitCode() {
    return usage ? 2 : 1;
  }
}
