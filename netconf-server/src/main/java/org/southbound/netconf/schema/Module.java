// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import java.util.List;

/**
 * A module or submodule that is advertised. {@code revision} may be empty. {@code source} is its text, served by get-schema.
 */
public record Module(String name, String revision, String namespace, String prefix, List<String> features, boolean submodule,
        boolean imported, String source) {

    /** {@code name@revision}, or the name alone. */
    public String id() {
        return revision.isEmpty() ? name : name + "@" + revision;
    }
}
