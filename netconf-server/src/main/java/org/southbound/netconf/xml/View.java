// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xml;

/**
 * What is shown of a data tree besides what a filter selects.
 *
 * @param config true for configuration only, false for state only, null for both
 * @param maxDepth levels below and including what a filter selects
 * @param origins null if they neither show nor matter
 */
public record View(WithDefaults defaults, Boolean config, int maxDepth, Origins origins) {
  /** What get and get-config show unless asked for more. */
  public static final View PLAIN = new View(WithDefaults.EXPLICIT, null, Integer.MAX_VALUE, null);

  /** get or get-config with a mode of defaults. */
  public static View of(WithDefaults defaults, boolean configOnly) {
    return defaults == null || defaults == WithDefaults.EXPLICIT ? PLAIN
        : new View(defaults, configOnly ? true : null, Integer.MAX_VALUE, null);
  }
}
