// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

/** A port cannot be opened, or ended before its time. The message is one line that says what to do. */
public final class PortException extends Exception {
  private static final long serialVersionUID = 1;

  private final boolean usage;

  private PortException(boolean usage, String message, Throwable cause) {
    super(message, cause);
    this.usage = usage;
  }

  /** What was asked for makes no sense: exit code 2. */
  public static PortException usage(String message) {
    return new PortException(true, message, null);
  }

  /** The system or a file refuses: exit code 1. */
  public static PortException failed(String message, Throwable cause) {
    return new PortException(false, message, cause);
  }

  /** Whether it is the caller's mistake, not the system's. */
  public boolean usage() {
    return usage;
  }
}
