// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.LinkedHashMap;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapEntryNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.spi.node.ImmutableNodes;
import org.southbound.netconf.schema.YangNode;

/** Lays state data over configuration, for get. */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
public final class Merge {
    private Merge() {
    }

    /** Both together; where both have a leaf, the second counts. Either may be null. */
    public static NormalizedNode merge(YangNode node, NormalizedNode config, NormalizedNode state) {
        if (config == null || state == null || config == state) {
            return state == null ? config : state;
        }
        if (config instanceof MapNode a && state instanceof MapNode b) {
            var all = new LinkedHashMap<PathArgument, NormalizedNode>();
            a.body().forEach(each -> all.put(each.name(), each));
            b.body().forEach(each -> all.merge(each.name(), each, (x, y) -> merge(node, x, y)));
            var made = ImmutableNodes.newUserMapBuilder().withNodeIdentifier(node.id);
            all.values().forEach(each -> made.withChild((MapEntryNode) each));
            return made.build();
        }
        if (config instanceof DataContainerNode a && state instanceof DataContainerNode b) {
            var draft = new Draft(node, a);
            for (YangNode child : node.children()) {
                NormalizedNode other = YangNode.find(b, child);
                if (other != null) {
                    draft.set(child, merge(child, draft.get(child), other));
                }
            }
            return draft.build(a.name());
        }
        return state;
    }
}
