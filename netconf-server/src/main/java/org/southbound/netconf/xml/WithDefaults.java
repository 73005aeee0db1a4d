// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xml;

/** What becomes of default values, RFC 6243 section 3. The datastores keep what clients set, so explicit is the basic mode. */
public enum WithDefaults {
  REPORT_ALL("report-all"), REPORT_ALL_TAGGED("report-all-tagged"), TRIM("trim"), EXPLICIT("explicit");

  /** Namespace of the attribute {@code default}. */
  public static final String NAMESPACE = "urn:ietf:params:xml:ns:netconf:default:1.0";

  private final String text;

  WithDefaults(String text) {
    this.text = text;
  }

  public String text() {
    return text;
  }

  boolean reports() {
    return this == REPORT_ALL || this == REPORT_ALL_TAGGED;
  }

  /** The mode of that name, or null. */
  public static WithDefaults of(String text) {
    for (WithDefaults each : values()) {
      if (each.text.equals(text)) {
        return each;
      }
    }
    return null;
  }
}
