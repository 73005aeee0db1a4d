// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

/** The error-tags of RFC 6241, appendix A, each with the error-type it carries unless a thrower says otherwise. */
public enum ErrorTag {
  IN_USE("in-use", "application"), //
  INVALID_VALUE("invalid-value", "application"), //
  TOO_BIG("too-big", "rpc"), //
  MISSING_ATTRIBUTE("missing-attribute", "protocol"), //
  BAD_ATTRIBUTE("bad-attribute", "protocol"), //
  UNKNOWN_ATTRIBUTE("unknown-attribute", "protocol"), //
  MISSING_ELEMENT("missing-element", "protocol"), //
  BAD_ELEMENT("bad-element", "protocol"), //
  UNKNOWN_ELEMENT("unknown-element", "protocol"), //
  UNKNOWN_NAMESPACE("unknown-namespace", "protocol"), //
  ACCESS_DENIED("access-denied", "application"), //
  LOCK_DENIED("lock-denied", "protocol"), //
  RESOURCE_DENIED("resource-denied", "application"), //
  ROLLBACK_FAILED("rollback-failed", "application"), //
  DATA_EXISTS("data-exists", "application"), //
  DATA_MISSING("data-missing", "application"), //
  OPERATION_NOT_SUPPORTED("operation-not-supported", "protocol"), //
  OPERATION_FAILED("operation-failed", "application"), //
  MALFORMED_MESSAGE("malformed-message", "rpc");

  private final String text;
  private final String type;

  ErrorTag(String text, String type) {
    this.text = text;
    this.type = type;
  }

  /** The tag as it is written in an rpc-error. */
  public String text() {
    return text;
  }

  /** The error-type that goes with the tag by default. */
  public String type() {
    return type;
  }
}
