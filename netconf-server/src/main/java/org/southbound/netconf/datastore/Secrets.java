// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapEntryNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.api.schema.SystemMapNode;
import org.opendaylight.yangtools.yang.data.api.schema.UserMapNode;
import org.opendaylight.yangtools.yang.data.spi.node.ImmutableNodes;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.access.PasswordHash;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Kind;

/**
 * A change with the clear-text passwords that it brings replaced by their hashes (RFC 7317 section 4, crypt-hash). Hashing is
 * slow on purpose, so it is a step of its own: made for who may write only, and without the lock of the datastores.
 */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
public final class Secrets implements Datastores.Change {
  private static final String CLEAR = "$0$";

  /** Where a password was given, and what. The same password at two places gets two hashes. */
  private record Secret(String path, String text, boolean crypt) {
    String hash() {
      String password = text.substring(CLEAR.length());
      return (crypt ? PasswordHash.crypt(password) : PasswordHash.of(password)).toString();
    }
  }

  private final YangNode root;
  private final Datastores.Change change;
  private final Map<Secret, String> hashes = new HashMap<>();
  private final Set<Secret> open = new LinkedHashSet<>();

  Secrets(YangNode root, Datastores.Change change) {
    this.root = root;
    this.change = change;
  }

  /** A tree that nobody needs to be allowed to write. */
  static ContainerNode hashed(YangNode root, ContainerNode tree) {
    var secrets = new Secrets(root, before -> tree);
    secrets.covered(root, null, tree, null);
    secrets.hash();
    return (ContainerNode) secrets.covered(root, null, tree, null);
  }

  /** Whether a password stands in the tree in clear text. */
  public static boolean anyClear(YangNode root, ContainerNode tree) {
    var secrets = new Secrets(root, before -> tree);
    secrets.covered(root, null, tree, null);
    return secrets.pending();
  }

  @Override
  public ContainerNode apply(ContainerNode before) throws NetconfException {
    return (ContainerNode) covered(root, before, change.apply(before), null);
  }

  /** The tree last returned has clear text in it, which {@link #hash} will take care of. */
  boolean pending() {
    return !open.isEmpty();
  }

  void hash() {
    open.forEach(each -> hashes.put(each, each.hash()));
    open.clear();
  }

  private DataContainerNode covered(YangNode node, DataContainerNode before, DataContainerNode after, DataPath path) {
    if (!node.secretBelow() || after == before) {
      return after;
    }
    Draft draft = null;
    for (YangNode child : node.children()) {
      NormalizedNode now = child.secretBelow() ? YangNode.find(after, child) : null;
      if (now == null) {
        continue;
      }
      NormalizedNode was = before == null ? null : YangNode.find(before, child);
      NormalizedNode made = switch (now) {
        case MapNode list -> entries(child, was instanceof MapNode old ? old : null, list, path);
        case DataContainerNode container -> covered(child, (DataContainerNode) was, container,
            DataPath.of(path, child));
        default -> child.kind == Kind.LEAF ? leaf(child, now, path) : now;
      };
      if (made != now) {
        draft = draft == null ? new Draft(node, after) : draft;
        draft.set(child, made);
      }
    }
    return draft == null ? after : draft.build(after.name());
  }

  private MapNode entries(YangNode node, MapNode before, MapNode list, DataPath path) {
    MapNode made = list;
    if (list != before) {
      for (MapEntryNode each : list.body()) {
        MapEntryNode was = before == null ? null : before.childByArg(each.name());
        var now = (MapEntryNode) covered(node, was, each, new DataPath(path, node, each.name()));
        if (now != each) {
          made = switch (made) {
            case SystemMapNode map -> ImmutableNodes.builderFactory().newSystemMapBuilder(map).withChild(now).build();
            case UserMapNode map -> ImmutableNodes.builderFactory().newUserMapBuilder(map).withChild(now).build();
            default -> throw new IllegalStateException("a list that is ordered neither by the system nor by the user");
          };
        }
      }
    }
    return made;
  }

  private NormalizedNode leaf(YangNode node, NormalizedNode leaf, DataPath path) {
    if (!(leaf.body() instanceof String text) || !text.startsWith(CLEAR)) {
      return leaf;
    }
    var secret = new Secret(DataPath.of(path, node).toString(), text, node.isCryptHash());
    String hash = hashes.get(secret);
    if (hash == null) {
      open.add(secret);
      return leaf;
    }
    return ImmutableNodes.leafNode(node.id, hash);
  }
}
