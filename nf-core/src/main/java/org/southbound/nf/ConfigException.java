// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

/** An NF refuses a configuration. */
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String appTag;
  private final String path;

  /**
   * A refusal.
   *
   * @param appTag the error-app-tag, such as {@code southbound:unknown-context}
   * @param path the node at fault, relative to the NF's configuration, such as {@code rule[name='web']/match}
   * @param message what to do about it
   */
  public ConfigException(String appTag, String path, String message) {
    super(message);
    this.appTag = appTag;
    this.path = path;
  }

  /** The error-app-tag. */
  public String appTag() {
    return appTag;
  }

  /** The node at fault, relative to the NF's configuration. */
  public String path() {
    return path;
  }
}
