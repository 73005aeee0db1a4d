// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.ArrayList;
import java.util.List;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNodeContainer;
import org.southbound.netconf.schema.Values;
import org.southbound.netconf.schema.YangNode;

/**
 * A data tree to read by name: choices looked through, defaults filled in. Names are those of the model; a name that the model
 * lacks is a bug and throws IllegalArgumentException.
 *
 * @param data null if the container is not there: then it has no children, only defaults
 */
public record Tree(YangNode node, DataContainerNode data) {

    /** The node is there, or for a container without presence something in it is. */
    public boolean exists() {
        return data != null;
    }

    private NormalizedNode find(YangNode child) {
        return data == null ? null : YangNode.find(data, child);
    }

    /** True if the child itself is there; defaults do not count. */
    public boolean has(String name) {
        return find(node.child(name)) != null;
    }

    /** A container; never null. */
    public Tree child(String name) {
        YangNode child = node.child(name);
        return new Tree(child, (DataContainerNode) find(child));
    }

    /** The entries of a list, in order. */
    public List<Tree> list(String name) {
        YangNode child = node.child(name);
        var entries = new ArrayList<Tree>();
        if (find(child) instanceof NormalizedNodeContainer<?> list) {
            for (NormalizedNode each : list.body()) {
                entries.add(new Tree(child, (DataContainerNode) each));
            }
        }
        return entries;
    }

    /** A leaf's value as yangtools has it (Uint16, QName, Set of bits), its default, or null. */
    public Object value(String name) {
        YangNode child = node.child(name);
        NormalizedNode leaf = find(child);
        if (leaf != null) {
            return leaf.body();
        }
        List<Object> defaults = child.defaultValues();
        return defaults.isEmpty() ? null : defaults.getFirst();
    }

    /** A leaf's lexical form, its default's, or null. An identity is given by its name without prefix. */
    public String text(String name) {
        return switch (value(name)) {
            case null -> null;
            case QName identity -> identity.getLocalName();
            case Object value -> Values.text(node.schema(), value);
        };
    }

    /** A leaf of any integer type; {@code absent} if it has neither value nor default. */
    public long number(String name, long absent) {
        return value(name) instanceof Number number ? number.longValue() : absent;
    }

    /** A boolean leaf, or whether an empty leaf is there. */
    public boolean flag(String name) {
        Object value = value(name);
        return value instanceof Boolean flag ? flag : value != null;
    }

    /** A leaf-list's lexical forms in order, its defaults if there is none. */
    public List<String> texts(String name) {
        var texts = new ArrayList<String>();
        for (Object each : values(name)) {
            texts.add(each instanceof QName identity ? identity.getLocalName() : Values.text(node.schema(), each));
        }
        return texts;
    }

    /** A leaf-list's values in order, its defaults if there is none. */
    public List<Object> values(String name) {
        YangNode child = node.child(name);
        if (!(find(child) instanceof NormalizedNodeContainer<?> list)) {
            return child.defaultValues();
        }
        var values = new ArrayList<Object>();
        for (NormalizedNode each : list.body()) {
            values.add(each.body());
        }
        return values;
    }
}
