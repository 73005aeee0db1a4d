// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

/** Certificates cannot be made, read or used; the message is one line that says what to do. */
public final class TrustException extends Exception {
  private static final long serialVersionUID = 1;

  public TrustException(String message) {
    super(message);
  }

  public TrustException(String message, Throwable cause) {
    super(message, cause);
  }
}
