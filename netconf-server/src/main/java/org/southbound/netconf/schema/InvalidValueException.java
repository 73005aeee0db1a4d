// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

/**
 * A text that is no value of a leaf's type. The message, if there is one, is what the model's author wrote for clients; so is the
 * app-tag.
 */
public final class InvalidValueException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String appTag;

  InvalidValueException(String message, String appTag) {
    super(message);
    this.appTag = appTag;
  }

  /** No more is known than that it does not fit. */
  InvalidValueException() {
    this(null, null);
  }

  /** The error-app-tag of the restriction that was not met, or null. */
  public String appTag() {
    return appTag;
  }

  @Override
  public synchronized Throwable fillInStackTrace() {
    return this; // an answer, not a bug
  }
}
