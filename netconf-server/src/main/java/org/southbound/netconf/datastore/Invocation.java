// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.List;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.YangNode;

/**
 * An action or notification that belongs to a node of the data tree (RFC 7950 sections 7.15 and 7.16).
 *
 * @param target the node that it belongs to
 * @param operation its INPUT or NOTIFICATION
 * @param content what it carries
 */
public record Invocation(DataPath target, YangNode operation, List<Edit> content) {
}
