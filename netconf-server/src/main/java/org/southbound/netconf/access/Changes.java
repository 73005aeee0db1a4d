// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import java.util.HashSet;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.LeafSetNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNodeContainer;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.YangNode;

/** What differs between two trees, node by node. Shared subtrees cost nothing. */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
public final class Changes {
    /** What happened to a node. */
    public enum Kind {
        CREATED, UPDATED, DELETED
    }

    /** Hears of each node created, deleted or with a new value, ancestors first. */
    public interface Visitor {
        void changed(DataPath path, Kind kind) throws NetconfException;
    }

    private Changes() {
    }

    /** Visits the differences. */
    public static void visit(YangNode root, ContainerNode before, ContainerNode after, Visitor visitor) throws NetconfException {
        children(root, before, after, null, visitor);
    }

    private static void children(YangNode node, DataContainerNode before, DataContainerNode after, DataPath path, Visitor visitor)
            throws NetconfException {
        if (before == after) {
            return;
        }
        for (YangNode child : node.children()) {
            NormalizedNode was = before == null ? null : YangNode.find(before, child);
            NormalizedNode now = after == null ? null : YangNode.find(after, child);
            if (was == now) {
                continue;
            }
            if (child.kind == YangNode.Kind.LIST || child.kind == YangNode.Kind.LEAF_LIST) {
                entries(child, was, now, path, visitor);
            } else {
                instance(child, child.id, was, now, path, visitor);
            }
        }
    }

    private static void entries(YangNode node, NormalizedNode was, NormalizedNode now, DataPath path, Visitor visitor)
            throws NetconfException {
        var seen = new HashSet<PathArgument>();
        if (was instanceof NormalizedNodeContainer<?> old) {
            for (NormalizedNode each : old.body()) {
                seen.add(each.name());
                instance(node, each.name(), each, find(now, each.name()), path, visitor);
            }
        }
        if (now instanceof NormalizedNodeContainer<?> fresh) {
            for (NormalizedNode each : fresh.body()) {
                if (!seen.contains(each.name())) {
                    instance(node, each.name(), null, each, path, visitor);
                }
            }
        }
    }

    private static NormalizedNode find(NormalizedNode list, PathArgument name) {
        return switch (list) {
            case MapNode map -> map.childByArg(
                    (org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates) name);
            case LeafSetNode<?> set -> set.childByArg(
                    (org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue<?>) name);
            case null, default -> null;
        };
    }

    private static void instance(YangNode node, PathArgument argument, NormalizedNode was, NormalizedNode now, DataPath path,
            Visitor visitor) throws NetconfException {
        if (was == now) {
            return;
        }
        var here = new DataPath(path, node, argument);
        if (node.isTerminal()) {
            if (was == null || now == null || !was.body().equals(now.body())) {
                visitor.changed(here, was == null ? Kind.CREATED : now == null ? Kind.DELETED : Kind.UPDATED);
            }
            return;
        }
        if (was == null || now == null) {
            visitor.changed(here, was == null ? Kind.CREATED : Kind.DELETED);
        }
        children(node, (DataContainerNode) was, (DataContainerNode) now, here, visitor);
    }
}
