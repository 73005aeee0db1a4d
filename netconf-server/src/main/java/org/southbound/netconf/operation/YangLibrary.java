// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.notification.Notifications;
import org.southbound.netconf.schema.Module;
import org.southbound.netconf.schema.Schema;

/** yang-library and its predecessor modules-state, RFC 8525. Fixed for the life of the process; every datastore has the whole schema. */
public final class YangLibrary {
  private YangLibrary() {
  }

  private static final List<String> DATASTORES = Stream.of(Datastore.values()).filter(Datastore::exists)
      .map(Datastore::text).toList();

  /** Changes if and only if the library does. */
  public static String contentId(Schema schema) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      digest.update(DATASTORES.toString().getBytes(StandardCharsets.UTF_8));
      for (Module each : schema.modules()) {
        digest.update((each.id() + each.namespace() + each.features() + each.deviatedBy() + each.belongsTo() + "\n")
            .getBytes(StandardCharsets.UTF_8));
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

  /**
   * Publishes yang-library-update if the library differs from that of the last start, which the file tells: it cannot change
   * while the process runs, but who replays the log is told.
   */
  public static void announce(Schema schema, Path file, Notifications notifications) throws IOException {
    String id = contentId(schema);
    String before = Files.exists(file) ? Files.readString(file).strip() : null;
    if (!id.equals(before)) {
      Files.writeString(file, id + "\n");
    }
    if (before != null && !id.equals(before)) {
      notifications.publish(
          new TreeBuilder(notifications.node("ietf-yang-library", "yang-library-update")).leaf("content-id", id)
              .build());
    }
  }

  private static List<Module> submodules(Schema schema, Module of) {
    return schema.modules().stream().filter(each -> of.name().equals(each.belongsTo())).toList();
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
          set.entry("import-only-module", m -> {
            m.leaf("name", each.name()).leaf("revision", each.revision()).leaf("namespace", each.namespace());
            submodules(schema, each).forEach(part -> m.entry("submodule", s -> part(s, part)));
          });
        } else {
          set.entry("module", m -> {
            part(m, each);
            m.leaf("namespace", each.namespace()).leaves("feature", each.features())
                .leaves("deviation", each.deviatedBy());
            submodules(schema, each).forEach(part -> m.entry("submodule", s -> part(s, part)));
          });
        }
      }
    });
    out.entry("schema", s -> s.leaf("name", "all").leaves("module-set", List.of("all")));
    for (String each : DATASTORES) {
      out.entry("datastore", d -> d.leaf("name", "ietf-datastores:" + each).leaf("schema", "all"));
    }
    return out.leaf("content-id", id).build();
  }

  /** In yang-library a module without a revision lacks the leaf. */
  private static void part(TreeBuilder into, Module module) {
    into.leaf("name", module.name()).leaf("revision", module.revision().isEmpty() ? null : module.revision());
  }

  /** What RFC 7895 had in place of yang-library; there a module without a revision has an empty one. */
  private static ContainerNode state(Schema schema, String id) {
    var out = new TreeBuilder(schema.node("/ietf-yang-library:modules-state")).leaf("module-set-id", id);
    for (Module each : schema.modules()) {
      if (!each.submodule()) {
        out.entry("module", m -> {
          m.leaf("name", each.name()).leaf("revision", each.revision()).leaf("namespace", each.namespace())
              .leaves("feature", each.features()).leaf("conformance-type", each.imported() ? "import" : "implement");
          for (String name : each.deviatedBy()) {
            schema.modules().stream().filter(other -> other.name().equals(name)).forEach(other -> m.entry("deviation",
                d -> d.leaf("name", name).leaf("revision", other.revision())));
          }
          submodules(schema, each).forEach(
              part -> m.entry("submodule", s -> s.leaf("name", part.name()).leaf("revision", part.revision())));
        });
      }
    }
    return out.build();
  }
}
