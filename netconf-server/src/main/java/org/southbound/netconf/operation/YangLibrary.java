// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.Module;
import org.southbound.netconf.schema.Schema;

/** yang-library and its predecessor modules-state, RFC 8525. Fixed for the life of the process. */
public final class YangLibrary {
    private YangLibrary() {
    }

    /** Changes if and only if the set of modules, revisions or features does. */
    public static String contentId(Schema schema) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            for (Module each : schema.modules()) {
                digest.update((each.id() + each.features() + "\n").getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is part of every JDK", e);
        }
    }

    /** Registers both trees. */
    public static void register(Schema schema, Operational operational) {
        String id = contentId(schema);
        ContainerNode library = library(schema, id);
        ContainerNode state = state(schema, id);
        operational.add(schema.node("/ietf-yang-library:yang-library"), reader -> library);
        operational.add(schema.node("/ietf-yang-library:modules-state"), reader -> state);
    }

    private static ContainerNode library(Schema schema, String id) {
        var out = new TreeBuilder(schema.node("/ietf-yang-library:yang-library"));
        out.entry("module-set", set -> {
            set.leaf("name", "all");
            for (Module each : schema.modules()) {
                if (each.submodule()) {
                    continue;
                }
                if (each.imported()) {
                    set.entry("import-only-module",
                            m -> m.leaf("name", each.name()).leaf("revision", each.revision()).leaf("namespace", each.namespace()));
                } else {
                    set.entry("module", m -> m.leaf("name", each.name()).leaf("revision", revision(each))
                            .leaf("namespace", each.namespace()).leaves("feature", each.features()));
                }
            }
        });
        out.entry("schema", s -> s.leaf("name", "all").leaves("module-set", List.of("all")));
        for (String each : List.of("running", "candidate", "operational")) {
            out.entry("datastore", d -> d.leaf("name", "ietf-datastores:" + each).leaf("schema", "all"));
        }
        return out.leaf("content-id", id).build();
    }

    private static ContainerNode state(Schema schema, String id) {
        var out = new TreeBuilder(schema.node("/ietf-yang-library:modules-state")).leaf("module-set-id", id);
        for (Module each : schema.modules()) {
            if (!each.submodule()) {
                out.entry("module", m -> m.leaf("name", each.name()).leaf("revision", each.revision())
                        .leaf("namespace", each.namespace()).leaves("feature", each.features())
                        .leaf("conformance-type", each.imported() ? "import" : "implement"));
            }
        }
        return out.build();
    }

    private static String revision(Module module) {
        return module.revision().isEmpty() ? null : module.revision();
    }
}
