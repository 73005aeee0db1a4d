// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xml;

import java.util.Set;
import java.util.function.Function;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.LeafSetNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.YangNode;

/**
 * Where the configuration nodes of the operational datastore come from (RFC 8342 section 5.3.4): what is in the intended
 * configuration is {@code intended}, a default in use {@code default}, all else what its source says.
 *
 * @param tree the intended configuration
 * @param ofTop origin of what the source of a top-level container adds
 * @param annotate true to write the origins
 * @param filter names of identities of ietf-origin to show only, or with {@code negated} to leave out; null shows all
 */
public record Origins(DataContainerNode tree, Function<YangNode, String> ofTop, boolean annotate, Set<String> filter,
    boolean negated) {
  /** Namespace of the attribute {@code origin} and of its values. */
  public static final String NAMESPACE = "urn:ietf:params:xml:ns:yang:ietf-origin";
  /** The base of all origins. */
  public static final String ANY = "origin";

  /** Origin of a configuration node of the operational datastore that is no default. */
  String of(DataPath path, NormalizedNode data) {
    NormalizedNode intended = find(path);
    if (intended != null && (!path.node().isTerminal() || intended.body().equals(data.body()))) {
      return "intended";
    }
    DataPath top = path;
    while (top.parent() != null) {
      top = top.parent();
    }
    return ofTop.apply(top.node());
  }

  private NormalizedNode find(DataPath path) {
    NormalizedNode parent = path.parent() == null ? tree : find(path.parent());
    NormalizedNode found = parent instanceof DataContainerNode container ? YangNode.find(container, path.node()) : null;
    return switch (found) {
      case MapNode list when path.argument() instanceof NodeIdentifierWithPredicates key -> list.childByArg(key);
      case LeafSetNode<?> leaves when path.argument() instanceof NodeWithValue<?> value -> leaves.childByArg(value);
      case null, default -> found;
    };
  }

  /** True if nodes of that origin are to be shown. */
  boolean shows(String origin) {
    return filter == null || negated != (filter.contains(origin) || filter.contains(ANY));
  }
}
