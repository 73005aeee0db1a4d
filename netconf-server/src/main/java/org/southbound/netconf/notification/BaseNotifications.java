// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Locale;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.spi.node.ImmutableNodes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.access.Changes;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Kind;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.session.Sessions;

/** The events of the server itself (RFC 6470): sessions, configuration, capabilities. What is costly is done by the dispatcher. */
public final class BaseNotifications {
  private static final Logger LOG = LoggerFactory.getLogger(BaseNotifications.class);
  private static final String MODULE = "ietf-netconf-notifications";
  /** A change of more nodes than this is told by its top-level nodes only. */
  private static final int MOST_EDITS = 256;

  private final Schema schema;
  private final Notifications notifications;
  private final Sessions sessions;
  private final YangNode target;

  /** For a model with ietf-netconf-notifications. From now on events are published. */
  public BaseNotifications(Schema schema, Notifications notifications, Datastores datastores, Sessions sessions) {
    this.schema = schema;
    this.notifications = notifications;
    this.sessions = sessions;
    this.target = notifications.node(MODULE, "netconf-config-change").child("edit").child("target");
    sessions.onOpen(session -> notifications.publish(() -> common(of("netconf-session-start"), session).build()));
    sessions.onClose(session -> notifications.publish(() -> ended(session)));
    datastores.listen((writer, before, after) -> changed("running", writer, before, after));
    datastores.listenToStartup((writer, before, after) -> changed("startup", writer, before, after));
    datastores.onConfirmation(this::confirmation);
  }

  private TreeBuilder of(String name) {
    return new TreeBuilder(notifications.node(MODULE, name));
  }

  private static TreeBuilder common(TreeBuilder into, Session session) {
    into.leaf("username", session.user().name()).leaf("session-id", session.id());
    try {
      return into.leaf("source-host", session.source());
    } catch (IllegalArgumentException notAnAddress) {
      return into;
    }
  }

  private ContainerNode ended(Session session) {
    return common(of("netconf-session-end"), session)
        .leaf("killed-by", session.killedBy() == 0 ? null : session.killedBy())
        .leaf("termination-reason", session.reason().text()).build();
  }

  // ---- configuration

  private void changed(String datastore, Datastores.Writer writer, ContainerNode before, ContainerNode after) {
    Session session = sessions.get(writer.session());
    notifications.publish(() -> {
      TreeBuilder out = of("netconf-config-change");
      out.container("changed-by", by -> {
        if (writer.session() == 0) {
          by.flag("server", true);
        } else {
          by(by, writer, session);
        }
      });
      edits(out.leaf("datastore", datastore), before, after);
      return out.build();
    });
  }

  private void confirmation(Datastores.Writer writer, Datastores.Confirmation event, long seconds) {
    Session session = sessions.get(writer.session());
    notifications.publish(() -> {
      TreeBuilder out = of("netconf-confirmed-commit");
      if (event != Datastores.Confirmation.TIMEOUT) {
        by(out, writer, session);
      }
      return out.leaf("confirm-event", event.name().toLowerCase(Locale.ROOT))
          .leaf("timeout", seconds == 0 ? null : seconds).build();
    });
  }

  private static void by(TreeBuilder out, Datastores.Writer writer, Session session) {
    if (session != null) {
      common(out, session);
    } else {
      out.leaf("username", writer.user().name()).leaf("session-id", writer.session());
    }
  }

  private void edits(TreeBuilder out, ContainerNode before, ContainerNode after) {
    var paths = new ArrayList<DataPath>();
    var kinds = new ArrayList<Changes.Kind>();
    try {
      Changes.visit(schema.root(), before, after, (path, kind) -> {
        if (!paths.isEmpty() && isBelow(path, paths.getLast())) {
          return; // part of what is told already
        }
        if (path.node().kind == Kind.CONTAINER && !path.node().presence()) {
          return; // it is there because of what is in it
        }
        if (paths.size() == MOST_EDITS) {
          throw NetconfException.of(ErrorTag.TOO_BIG, "");
        }
        paths.add(path);
        kinds.add(kind);
      });
    } catch (NetconfException tooMany) {
      tops(out, before, after);
      return;
    }
    for (int i = 0; i < paths.size(); i++) {
      edit(out, paths.get(i), switch (kinds.get(i)) {
        case CREATED -> "create";
        case DELETED -> "delete";
        case UPDATED -> "replace";
      });
    }
  }

  @SuppressWarnings("ReferenceEquality") // the visitor hands out one object for each node
  private static boolean isBelow(DataPath path, DataPath above) {
    for (DataPath each = path.parent(); each != null; each = each.parent()) {
      if (each == above) {
        return true;
      }
    }
    return false;
  }

  @SuppressWarnings("ReferenceEquality") // trees share what did not change
  private void tops(TreeBuilder out, ContainerNode before, ContainerNode after) {
    for (YangNode each : schema.root().children()) {
      if (each.kind != Kind.LIST && each.kind != Kind.LEAF_LIST
          && YangNode.find(before, each) != YangNode.find(after, each)) {
        edit(out, DataPath.of(null, each), "merge");
      }
    }
  }

  private void edit(TreeBuilder out, DataPath path, String operation) {
    out.entry("edit",
        edit -> edit.put(ImmutableNodes.leafNode(target.id, identifier(path))).leaf("operation", operation));
  }

  private static YangInstanceIdentifier identifier(DataPath path) {
    var arguments = new ArrayList<PathArgument>();
    for (DataPath each = path; each != null; each = each.parent()) {
      arguments.addFirst(each.argument());
      if (each.node().kind == Kind.LIST || each.node().kind == Kind.LEAF_LIST) {
        arguments.addFirst(each.node().id);
      }
    }
    return YangInstanceIdentifier.of(arguments);
  }

  // ---- capabilities

  /** Compares the capabilities with those of the last run, which a file keeps, and tells what has changed. */
  public void capabilities(Path file, List<String> now) {
    try {
      List<String> before = Files.readAllLines(file);
      if (!before.equals(now)) {
        notifications.publish(() -> capabilities(before, now));
      }
    } catch (NoSuchFileException first) {
      // nobody knew any others
    } catch (IOException e) {
      LOG.warn("{} cannot be read: {}", file, e.getMessage());
    }
    try {
      Files.write(file, now);
    } catch (IOException e) {
      LOG.warn("{} cannot be written: {}", file, e.getMessage());
    }
  }

  private ContainerNode capabilities(List<String> before, List<String> now) {
    Map<String, String> gone = byBase(before);
    var added = new ArrayList<String>();
    var modified = new ArrayList<String>();
    byBase(now).forEach((base, whole) -> {
      String was = gone.remove(base);
      if (was == null) {
        added.add(whole);
      } else if (!was.equals(whole)) {
        modified.add(whole);
      }
    });
    return of("netconf-capability-change").container("changed-by", by -> by.flag("server", true))
        .leaves("added-capability", added).leaves("deleted-capability", gone.values())
        .leaves("modified-capability", modified).build();
  }

  private static Map<String, String> byBase(List<String> capabilities) {
    var all = new HashMap<String, String>();
    capabilities.forEach(each -> all.put(each.split("\\?", 2)[0], each));
    return all;
  }
}
