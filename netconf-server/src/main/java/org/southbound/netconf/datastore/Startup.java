// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.io.IOException;
import java.nio.file.Path;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;

/**
 * The startup datastore (RFC 6241 section 8.7). It is there once a client has copied something to it; then the server starts
 * from it, and what was changed in running since is lost by a restart unless it was copied, too. As long as there is none, the
 * server starts from running as it was last. Changed under the writers' lock only; the tree may be read at any time.
 */
public final class Startup {
  private final Path file;
  private final YangNode root;
  private final ContainerNode none;
  private volatile ContainerNode tree;

  /**
   * What is stored.
   *
   * @param stored null if there is no startup configuration
   */
  public Startup(Path file, Schema schema, ContainerNode stored) {
    this.file = file;
    this.root = schema.root();
    this.none = FileStore.empty(schema);
    this.tree = stored == null ? none : stored;
  }

  /** Its content; with nothing in it if there is none. */
  ContainerNode tree() {
    return tree;
  }

  ContainerNode none() {
    return none;
  }

  void save(ContainerNode content) throws NetconfException {
    try {
      ConfigFile.replace(file, ConfigFile.text(root, content));
    } catch (IOException e) {
      throw Datastores.unstorable(e);
    }
    tree = content;
  }

  void delete() throws NetconfException {
    try {
      ConfigFile.delete(file);
    } catch (IOException e) {
      throw Datastores.unstorable(e);
    }
    tree = none;
  }
}
