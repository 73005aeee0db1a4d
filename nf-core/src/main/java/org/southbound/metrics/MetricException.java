// SPDX-License-Identifier: Apache-2.0
package org.southbound.metrics;

/** A request about metrics was refused. The tags are those of the YANG module southbound-metrics. */
public final class MetricException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Why it was refused. */
  public enum Reason {
    /** No metric has that name. */
    UNKNOWN_METRIC("invalid-value", "southbound:unknown-metric", "metric"),
    /** No registration has that number. */
    UNKNOWN_REPORT("data-missing", "southbound:unknown-report", "id"),
    /** Neither a period nor a packet count, or both, or too short a period. */
    BAD_INTERVAL("invalid-value", "southbound:bad-interval", "period"),
    /** There are as many registrations as there may be. */
    TOO_MANY_REPORTS("resource-denied", "southbound:resource", "");

    private final String tag;
    private final String appTag;
    private final String path;

    Reason(String tag, String appTag, String path) {
      this.tag = tag;
      this.appTag = appTag;
      this.path = path;
    }

    /** RFC 6241 error-tag. */
    public String tag() {
      return tag;
    }

    /** Error-app-tag. */
    public String appTag() {
      return appTag;
    }

    /** Input node at fault; empty: the request as a whole. */
    public String path() {
      return path;
    }
  }

  private final Reason reason;

  MetricException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** Why it was refused. */
  public Reason reason() {
    return reason;
  }
}
