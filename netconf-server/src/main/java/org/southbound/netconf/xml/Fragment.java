// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xml;

/** The content of an anyxml or anydata node: well-formed XML whose namespaces are declared inside it. */
public record Fragment(String xml) {
}
