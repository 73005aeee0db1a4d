// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.List;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.YangNode;

/**
 * What a client asks for one node: read from the config of an edit-config, or from an RPC's input, where nothing but merge
 * occurs. Immutable.
 *
 * @param operation null: that of the nearest ancestor, at last the default-operation
 * @param argument identifies the instance among its siblings
 * @param value of a leaf or leaf-list entry; null if the operation takes none
 * @param children null for a leaf
 */
public record Edit(YangNode node, Operation operation, PathArgument argument, Object value, List<Edit> children, Insert insert) {

    /** RFC 6241 section 7.2. NONE is only a default-operation. */
    public enum Operation {
        MERGE, REPLACE, CREATE, DELETE, REMOVE, NONE;

        /** The operation of that name, as an attribute has it. */
        public static Operation ofAttribute(String text) throws NetconfException {
            return switch (text) {
                case "merge" -> MERGE;
                case "replace" -> REPLACE;
                case "create" -> CREATE;
                case "delete" -> DELETE;
                case "remove" -> REMOVE;
                default -> throw NetconfException.of(ErrorTag.BAD_ATTRIBUTE, "There is no operation " + text + ".")
                        .info("bad-attribute", "operation");
            };
        }
    }

    /** Where a user-ordered entry goes (RFC 7950 sections 7.7.9 and 7.8.6); {@code anchor} for BEFORE and AFTER. */
    public record Insert(Where where, PathArgument anchor) {
        /** Position among the entries. */
        public enum Where {
            FIRST, LAST, BEFORE, AFTER
        }
    }
}
