// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNodeContainer;
import org.southbound.netconf.schema.Values;
import org.southbound.netconf.schema.YangNode;
import org.southbound.nf.Config;

/** Turns data into the tree that knows no YANG: names and texts, defaults filled in. */
final class ConfigTree {
  private ConfigTree() {}

  /** The tree of a container, list entry or RPC input; {@code data} may be null, which leaves the defaults. */
  static Config of(YangNode node, DataContainerNode data) {
    var leaves = new LinkedHashMap<String, String>();
    var leafLists = new LinkedHashMap<String, List<String>>();
    var containers = new LinkedHashMap<String, Config>();
    var lists = new LinkedHashMap<String, List<Config>>();
    for (var child : node.children()) {
      var found = data == null ? null : YangNode.find(data, child);
      var name = child.localName();
      switch (child.kind) {
        case LEAF -> leaf(child, found, data).ifPresent(text -> leaves.put(name, text));
        case LEAF_LIST -> {
          if (found != null) {
            leafLists.put(name, values(child, found));
          }
        }
        case LIST -> {
          if (found != null) {
            var entries = new ArrayList<Config>();
            for (Object entry : ((NormalizedNodeContainer<?>) found).body()) {
              entries.add(of(child, (DataContainerNode) entry));
            }
            lists.put(name, entries);
          }
        }
        case CONTAINER -> {
          if (found != null || !child.presence() && applies(child, data)) {
            var inner = of(child, (DataContainerNode) found);
            if (found != null || !inner.equals(Config.EMPTY)) {
              containers.put(name, inner);
            }
          }
        }
        default -> {
          // Nothing of the kind is read by names.
        }
      }
    }
    return new Config(leaves, leafLists, containers, lists);
  }

  private static java.util.Optional<String> leaf(YangNode leaf, NormalizedNode found, DataContainerNode data) {
    if (found != null) {
      return java.util.Optional.of(text(leaf, found.body()));
    }
    return leaf.hasDefault() && applies(leaf, data)
        ? java.util.Optional.of(text(leaf, leaf.defaultValues().getFirst())) : java.util.Optional.empty();
  }

  /** Whether a node's default counts: not if another case of its choice was chosen. */
  private static boolean applies(YangNode node, DataContainerNode data) {
    if (node.inCase == null) {
      return true;
    }
    return data != null && node.inCase.nodes.stream().anyMatch(each -> YangNode.find(data, each) != null);
  }

  private static List<String> values(YangNode leaf, NormalizedNode found) {
    var result = new ArrayList<String>();
    for (Object entry : ((NormalizedNodeContainer<?>) found).body()) {
      result.add(text(leaf, ((NormalizedNode) entry).body()));
    }
    return result;
  }

  /** The canonical text; of an identity the name alone. */
  private static String text(YangNode leaf, Object value) {
    return switch (value) {
      case QName identity -> identity.getLocalName();
      case Set<?> bits -> bits.stream().map(Object::toString).sorted().collect(Collectors.joining(" "));
      default -> Values.text(leaf.schema(), value);
    };
  }

  /** Names and values of the leaves of a container, in order. */
  static Map<String, String> leaves(Config container) {
    return new LinkedHashMap<>(container.leaves());
  }
}
