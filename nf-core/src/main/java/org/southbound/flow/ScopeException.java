// SPDX-License-Identifier: Apache-2.0
package org.southbound.flow;

/** A scope that contradicts itself, or is no scope. */
public final class ScopeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String appTag;
  private final String path;

  /**
   * A refusal.
   *
   * @param appTag the error-app-tag, such as {@code southbound:scope-port-inverted}; empty: none
   * @param path the node at fault, relative to the scope, such as {@code source-port}; empty: the scope itself
   * @param message what is wrong
   */
  public ScopeException(String appTag, String path, String message) {
    super(message);
    this.appTag = appTag;
    this.path = path;
  }

  /** The error-app-tag; empty: none. */
  public String appTag() {
    return appTag;
  }

  /** The node at fault, relative to the scope. */
  public String path() {
    return path;
  }
}
