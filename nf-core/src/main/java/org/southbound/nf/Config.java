// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import java.util.List;
import java.util.Map;

/**
 * An NF's configuration: an immutable tree as the NF's YANG module describes it, without the YANG. Leaves are text in
 * their canonical form; defaults are filled in.
 *
 * @param leaves leaf name to value
 * @param leafLists leaf-list name to values
 * @param containers container name to its tree
 * @param lists list name to its entries, in order
 */
public record Config(Map<String, String> leaves, Map<String, List<String>> leafLists, Map<String, Config> containers,
    Map<String, List<Config>> lists) {
  /** Nothing configured. */
  public static final Config EMPTY = new Config(Map.of(), Map.of(), Map.of(), Map.of());

  /** A leaf, or {@code otherwise}. */
  public String leaf(String name, String otherwise) {
    return leaves.getOrDefault(name, otherwise);
  }

  /** A numeric leaf, or {@code otherwise}. */
  public long number(String name, long otherwise) {
    var text = leaves.get(name);
    return text == null ? otherwise : Long.parseLong(text);
  }

  /**
   * A numeric leaf, or {@code otherwise}. Throws ConfigException for a value that is no number from {@code least} to
   * {@code greatest}.
   *
   * @param path where this tree stands, with a slash at its end; empty: at the top
   */
  public long number(String name, long otherwise, long least, long greatest, String path) throws ConfigException {
    var text = leaves.get(name);
    return text == null ? otherwise : number(text, least, greatest, path + name);
  }

  /** The number in {@code text}, which stands at {@code path}. */
  public static long number(String text, long least, long greatest, String path) throws ConfigException {
    try {
      long value = Long.parseLong(text);
      if (value >= least && value <= greatest) {
        return value;
      }
    } catch (NumberFormatException notANumber) {
      // Refused below, as what is out of range.
    }
    throw new ConfigException("southbound:bad-value", path,
        "A number from " + least + " to " + greatest + ", not \"" + text + "\".");
  }

  /** A boolean leaf, or {@code otherwise}. */
  public boolean flag(String name, boolean otherwise) {
    var text = leaves.get(name);
    return text == null ? otherwise : Boolean.parseBoolean(text);
  }

  /** As {@link #flag(String, boolean)}; throws ConfigException for what is neither true nor false. */
  public boolean flag(String name, boolean otherwise, String path) throws ConfigException {
    var text = leaf(name, "");
    if (!text.isEmpty() && !text.equals("true") && !text.equals("false")) {
      throw new ConfigException("southbound:bad-value", path + name, "true or false, not \"" + text + "\".");
    }
    return flag(name, otherwise);
  }

  /** A leaf-list, empty if absent. */
  public List<String> leafList(String name) {
    return leafLists.getOrDefault(name, List.of());
  }

  /** A container, {@link #EMPTY} if absent. */
  public Config container(String name) {
    return containers.getOrDefault(name, EMPTY);
  }

  /** A list's entries, empty if absent. */
  public List<Config> list(String name) {
    return lists.getOrDefault(name, List.of());
  }
}
