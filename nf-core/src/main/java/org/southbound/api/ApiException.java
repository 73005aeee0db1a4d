// SPDX-License-Identifier: Apache-2.0
package org.southbound.api;

import java.util.Map;

/**
 * A call was refused or failed. Tags are those of RFC 6241 appendix A and of the YANG modules' descriptions, so that a
 * management protocol can hand them on unchanged.
 */
public final class ApiException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String tag;
  private final String appTag;
  private final String path;
  private final transient Map<String, String> info;

  /**
   * A refusal.
   *
   * @param tag RFC 6241 error-tag, such as {@code invalid-value}
   * @param appTag error-app-tag, such as {@code southbound:unknown-variant}
   * @param path input node at fault, such as {@code variant} or {@code next-hop[2]/nf}; empty: the call as a whole
   * @param message one sentence that says what to do
   * @param info more, as name and value, such as the job that is in the way
   */
  public ApiException(String tag, String appTag, String path, String message, Map<String, String> info) {
    super(message);
    this.tag = tag;
    this.appTag = appTag;
    this.path = path;
    this.info = Map.copyOf(info);
  }

  /** A refusal without further information. */
  public ApiException(String tag, String appTag, String path, String message) {
    this(tag, appTag, path, message, Map.of());
  }

  /** RFC 6241 error-tag. */
  public String tag() {
    return tag;
  }

  /** Error-app-tag. */
  public String appTag() {
    return appTag;
  }

  /** Input node at fault; empty: none. */
  public String path() {
    return path;
  }

  /** More, as name and value. */
  public Map<String, String> info() {
    return info;
  }
}
