// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.differential;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.DataReader;
import org.southbound.netconf.datastore.Edit;
import org.southbound.netconf.datastore.Editor;
import org.southbound.netconf.datastore.FileStore;
import org.southbound.netconf.datastore.Invocation;
import org.southbound.netconf.datastore.Validator;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.XmlIn;

/** Our own verdict on documents. */
final class Judge {
  private Judge() {
  }

  /** Whether a leaf's type alone takes the text. */
  static boolean parses(YangNode leaf, Unit unit, String text) {
    var parent = new Xml(null);
    var element = new Xml(leaf);
    element.text = text;
    parent.children.add(element);
    try {
      DataReader.input(open("<r>" + parent.content(unit.prefixes()) + "</r>"), leaf.parent, null);
      return true;
    } catch (NetconfException e) {
      return false;
    }
  }

  static XmlIn open(String text) throws NetconfException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return XmlIn.open(bytes, 0, bytes.length);
  }

  /** A configuration read and checked. */
  static ContainerNode config(Unit unit, String text) throws NetconfException {
    YangNode root = unit.schema().root();
    List<Edit> edits = DataReader.config(open("<config>" + text + "</config>"), root);
    ContainerNode tree = Editor.apply(root, FileStore.empty(unit.schema()), edits, Edit.Operation.MERGE);
    Validator.config(root, null, tree);
    return tree;
  }

  /** Configuration and state data read and checked. */
  static ContainerNode operational(Unit unit, String text) throws NetconfException {
    YangNode root = unit.schema().root();
    List<Edit> edits = DataReader.input(open("<data>" + text + "</data>"), root, null);
    ContainerNode tree = Editor.apply(root, FileStore.empty(unit.schema()), edits, Edit.Operation.MERGE);
    Validator.operational(root, tree);
    return tree;
  }

  /** An RPC, action or notification with the nodes around it, or the output of one, read and checked. */
  static ContainerNode operation(Unit unit, ContainerNode tree, boolean output, String text) throws NetconfException {
    YangNode root = unit.schema().root();
    XmlIn in = open(text);
    YangNode top = unit.schema().rpc(in.namespace(), in.name());
    top = top == null ? unit.schema().notification(in.namespace(), in.name()) : top;
    Invocation call;
    if (top == null) {
      call = DataReader.nested(in, root, output);
    } else {
      YangNode node = output ? top.output() : top;
      call = new Invocation(null, node, DataReader.input(in, node, DataPath.of(null, node)));
    }
    ContainerNode content = Editor.build(call.operation(), call.content());
    Validator.operation(root, tree, call.target(), call.operation(), content);
    return content;
  }
}
