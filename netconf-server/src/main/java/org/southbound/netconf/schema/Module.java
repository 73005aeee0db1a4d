// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import java.util.List;

/**
 * A module or submodule that is advertised. {@code revision} may be empty.
 *
 * @param deviatedBy names of the modules that deviate from this one
 * @param belongsTo of a submodule the name of its module, else null
 * @param imported true if it defines nothing that could be used but through an import
 * @param source its text, served by get-schema
 */
public record Module(String name, String revision, String namespace, String prefix, List<String> features,
    List<String> deviatedBy, String belongsTo, boolean imported, String source) {

  public boolean submodule() {
    return belongsTo != null;
  }

  /** {@code name@revision}, or the name alone. */
  public String id() {
    return revision.isEmpty() ? name : name + "@" + revision;
  }
}
