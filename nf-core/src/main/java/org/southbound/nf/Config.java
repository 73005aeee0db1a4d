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

  /** A boolean leaf, or {@code otherwise}. */
  public boolean flag(String name, boolean otherwise) {
    var text = leaves.get(name);
    return text == null ? otherwise : Boolean.parseBoolean(text);
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
