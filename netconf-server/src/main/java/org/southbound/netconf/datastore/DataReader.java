// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;
import org.opendaylight.yangtools.yang.model.api.TypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.LeafrefTypeDefinition;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Edit.Insert;
import org.southbound.netconf.datastore.Edit.Operation;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.InvalidValueException;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Case;
import org.southbound.netconf.schema.YangNode.Choice;
import org.southbound.netconf.schema.YangNode.Kind;
import org.southbound.netconf.xml.Fragment;
import org.southbound.netconf.xml.XmlIn;

/**
 * Reads XML into {@link Edit}s against the schema, and says exactly what is wrong with it. Empty elements with a delete
 * operation are not parsed as values, so a typed leaf can be deleted without giving a value.
 */
public final class DataReader {
  private static final String YANG = "urn:ietf:params:xml:ns:yang:1";
  private static final String WITH_DEFAULTS = "urn:ietf:params:xml:ns:netconf:default:1.0";
  private static final int SHOWN = 64;

  private final XmlIn in;
  private final Schema schema;
  private final boolean configOnly;

  private DataReader(XmlIn in, Schema schema, boolean configOnly) {
    this.in = in;
    this.schema = schema;
    this.configOnly = configOnly;
  }

  /** Reads the children of the present element as configuration with operations. */
  public static List<Edit> config(XmlIn in, YangNode root) throws NetconfException {
    return new DataReader(in, root.schema(), true).children(root, null, Operation.MERGE);
  }

  /** Reads the children of the present element as an RPC's or action's input. */
  public static List<Edit> input(XmlIn in, YangNode input, DataPath path) throws NetconfException {
    return new DataReader(in, input.schema(), false).children(input, path, Operation.MERGE);
  }

  /**
   * Reads an action as a client calls it, or a notification that belongs to a node: the present element is the outermost of the
   * nodes around it (RFC 7950 sections 7.15.2 and 7.16.2).
   *
   * @param output what an action gives back is read, not what it takes
   */
  public static Invocation nested(XmlIn in, YangNode root, boolean output) throws NetconfException {
    return new DataReader(in, root.schema(), false).nested(root, null, output);
  }

  private Invocation nested(YangNode parent, DataPath path, boolean output) throws NetconfException {
    YangNode operation = parent.operation(in.namespace(), in.name());
    if (operation != null && path != null) {
      operation = output && operation.output() != null ? operation.output() : operation;
      return new Invocation(path, operation, children(operation, DataPath.of(path, operation), Operation.MERGE));
    }
    YangNode node = parent.child(in.namespace(), in.name());
    if (node == null || node.isTerminal()) {
      throw unknown(path);
    }
    DataPath here = DataPath.of(path, node);
    var keys = new ArrayList<Edit>(node.keys().length);
    for (YangNode key : node.keys()) {
      if (!in.child() || node.child(in.namespace(), in.name()) != key) {
        throw XmlIn.missing(key.localName()).type("application").at(here);
      }
      keys.add(node(key, here, Operation.MERGE));
    }
    here = new DataPath(path, node, entry(node, path, keys));
    if (!in.child()) {
      throw XmlIn.missing("action").type("application").at(here);
    }
    Invocation found = nested(node, here, output);
    if (in.child()) {
      throw unknown(here);
    }
    return found;
  }

  private List<Edit> children(YangNode parent, DataPath path, Operation inherited) throws NetconfException {
    var found = new ArrayList<Edit>(8);
    Set<Object> seen = parent.kind == Kind.ROOT || parent.children().length > 0 ? new HashSet<>() : Set.of();
    Map<Choice, Case> chosen = null;
    int lastKey = 0;
    while (in.child()) {
      YangNode node = parent.child(in.namespace(), in.name());
      if (node == null || in.namespace().isEmpty()) {
        throw unknown(path);
      }
      if (configOnly && !node.config) {
        throw NetconfException.of(ErrorTag.INVALID_VALUE, node.localName() + " is state data and cannot be configured.")
            .at(DataPath.of(path, node)).info("bad-element", node.localName());
      }
      if (node.index() < parent.keys().length) { // keys are the first children
        if (node.index() < lastKey) {
          throw NetconfException
              .of(ErrorTag.BAD_ELEMENT,
                  node.localName() + " must come before " + parent.keys()[lastKey].localName()
                      + ": keys have an order (RFC 7950 section 7.8.5).")
              .type("application").at(DataPath.of(path, node)).info("bad-element", node.localName());
        }
        lastKey = node.index();
      }
      Edit edit = node(node, path, inherited);
      found.add(edit);
      if (found.size() == parent.keys().length && path != null && keyed(found)) { // keys come first: errors name the entry
        path = new DataPath(path.parent(), parent, entry(parent, path.parent(), found));
      }
      Object identity = edit.argument() instanceof NodeIdentifierWithPredicates
          || edit.argument() instanceof NodeWithValue<?>
              ? edit.argument()
              : node;
      boolean repeats = node.repeats() || node.kind == Kind.LIST && node.keys().length == 0;
      if (!repeats && !seen.add(identity)) {
        throw NetconfException.of(ErrorTag.BAD_ELEMENT, node.localName() + " is given twice.").type("application")
            .at(new DataPath(path, node, edit.argument())).info("bad-element", node.localName());
      }
      Operation operation = edit.operation() == null ? inherited : edit.operation();
      if (node.inCase != null && operation != Operation.DELETE && operation != Operation.REMOVE) {
        chosen = chosen == null ? new IdentityHashMap<>() : chosen;
        for (Case each = node.inCase; each != null; each = each.choice.within) {
          Case other = chosen.putIfAbsent(each.choice, each);
          if (other != null && other != each) {
            throw NetconfException
                .of(ErrorTag.BAD_ELEMENT,
                    node.localName() + " excludes what was given before: only one case of "
                        + each.choice.name.getLocalName() + " may be there.")
                .type("application").at(DataPath.of(path, node)).info("bad-element", node.localName());
          }
        }
      }
    }
    return found;
  }

  private static boolean keyed(List<Edit> edits) {
    return edits.stream().allMatch(each -> each.node().isKey());
  }

  private NetconfException unknown(DataPath path) {
    String name = in.name();
    String namespace = in.namespace();
    if (!schema.knowsNamespace(namespace)) {
      return NetconfException.of(ErrorTag.UNKNOWN_NAMESPACE, "Namespace " + shown(namespace) + " is not known here.")
          .type("application").at(path).info("bad-element", name).info("bad-namespace", namespace);
    }
    return in.unknown().type("application").at(path);
  }

  private Edit node(YangNode node, DataPath path, Operation inherited) throws NetconfException {
    Operation operation = null;
    String where = null;
    String anchor = null;
    boolean byDefault = false;
    int attributes = in.attributes();
    for (int i = 0; i < attributes; i++) {
      String namespace = in.attributeNamespace(i);
      String name = in.attributeName(i);
      String value = in.attribute(namespace.isEmpty() ? null : namespace, name);
      if (configOnly && namespace.equals(Schema.NETCONF) && name.equals("operation")) {
        operation = operation(value, path, node);
      } else if (configOnly && namespace.equals(YANG) && name.equals("insert")) {
        where = value;
      } else if (configOnly && namespace.equals(YANG) && (name.equals("key") || name.equals("value"))) {
        anchor = value;
      } else if (configOnly && namespace.equals(WITH_DEFAULTS) && name.equals("default")) {
        byDefault = byDefault(value, path, node);
      } else {
        throw NetconfException.of(ErrorTag.UNKNOWN_ATTRIBUTE, "Attribute " + name + " is not known here.")
            .type("application").at(DataPath.of(path, node)).info("bad-attribute", name)
            .info("bad-element", node.localName());
      }
    }
    Insert insert = where == null ? null : insert(node, path, where, anchor);
    Operation effective = operation == null ? inherited : operation;
    boolean gone = effective == Operation.DELETE || effective == Operation.REMOVE;
    return switch (node.kind) {
      case LEAF -> {
        // The text of a leaf that goes away need not be a value; a key says which entry, and stays one.
        if (gone && !node.isKey() && !byDefault) {
          in.text();
          yield new Edit(node, operation, node.id, null, null, null);
        }
        Object value = value(node, path);
        yield byDefault ? toDefault(node, path, effective, value)
            : new Edit(node, operation, node.id, value, null, null);
      }
      case LEAF_LIST -> {
        Object value = value(node, path);
        Edit edit = new Edit(node, operation, new NodeWithValue<>(node.name, value), value, null, insert);
        yield byDefault
            ? new Edit(node, toDefault(node, path, effective, value).operation(), edit.argument(), value, null, null)
            : edit;
      }
      case ANYDATA -> new Edit(node, operation, node.id, new Fragment(in.fragment()), null, null);
      case LIST -> {
        List<Edit> children = children(node, DataPath.of(path, node), effective);
        yield new Edit(node, operation, entry(node, path, children), null, children, insert);
      }
      default -> new Edit(node, operation, node.id, null, children(node, DataPath.of(path, node), effective), null);
    };
  }

  private static boolean byDefault(String text, DataPath path, YangNode node) throws NetconfException {
    return switch (text.strip()) {
      case "true", "1" -> true;
      case "false", "0" -> false;
      default -> throw badDefault(ErrorTag.BAD_ATTRIBUTE, "is neither true nor false", path, node);
    };
  }

  /** RFC 6243 section 4.5.2: the node is to have its default again, so the value must be that. */
  private static Edit toDefault(YangNode leaf, DataPath path, Operation effective, Object value)
      throws NetconfException {
    if (!leaf.defaultValues().contains(value)) {
      throw badDefault(ErrorTag.INVALID_VALUE, "stands at a value that is not the default", path, leaf);
    }
    return switch (effective) {
      case CREATE -> new Edit(leaf, Operation.CREATE, leaf.id, null, null, null);
      case MERGE, REPLACE -> new Edit(leaf, Operation.REMOVE, leaf.id, null, null, null);
      case NONE, DELETE, REMOVE ->
        throw badDefault(ErrorTag.INVALID_VALUE, "needs the operation create, merge or replace", path, leaf);
    };
  }

  private static NetconfException badDefault(ErrorTag tag, String why, DataPath path, YangNode node) {
    return NetconfException.of(tag, "The attribute default of " + node.localName() + " " + why + ".")
        .type("application").at(DataPath.of(path, node)).info("bad-attribute", "default")
        .info("bad-element", node.localName());
  }

  private Operation operation(String text, DataPath path, YangNode node) throws NetconfException {
    try {
      return Operation.ofAttribute(text);
    } catch (NetconfException e) {
      throw e.at(DataPath.of(path, node)).info("bad-element", node.localName());
    }
  }

  private PathArgument entry(YangNode list, DataPath path, List<Edit> children) throws NetconfException {
    YangNode[] keys = list.keys();
    if (keys.length == 0) {
      return list.id;
    }
    if (keys.length == 1) {
      return NodeIdentifierWithPredicates.of(list.name, keys[0].name, key(list, path, children, keys[0]));
    }
    var values = new LinkedHashMap<QName, Object>(keys.length * 2);
    for (YangNode key : keys) {
      values.put(key.name, key(list, path, children, key));
    }
    return NodeIdentifierWithPredicates.of(list.name, values);
  }

  private static Object key(YangNode list, DataPath path, List<Edit> children, YangNode key) throws NetconfException {
    for (Edit each : children) {
      if (each.node() == key) {
        return each.value();
      }
    }
    throw XmlIn.missing(key.localName()).type("application").at(DataPath.of(path, list));
  }

  private Object value(YangNode leaf, DataPath path) throws NetconfException {
    return parse(leaf, path, in.text());
  }

  private Object parse(YangNode leaf, DataPath path, String text) throws NetconfException {
    try {
      String read = leaf.isXPath() ? schema.prefixed(text, in.namespaces()) : text;
      if (read == null) { // kept as it is written, it would lose what its prefixes stand for
        throw invalid(leaf, path, text, null);
      }
      return leaf.parse(in.namespaces(), read);
    } catch (InvalidValueException e) {
      NetconfException error = invalid(leaf, path, text, e.getMessage());
      throw e.appTag() == null ? error : error.appTag(e.appTag());
    }
  }

  private static NetconfException invalid(YangNode leaf, DataPath path, String text, String why) {
    TypeDefinition<?> named = leaf.targetType();
    while (named.getBaseType() != null && named.getQName().equals(leaf.name)) { // a type restricted in place has no name
      named = named.getBaseType();
    }
    String type = named.getQName().getLocalName();
    String of = leaf.type() instanceof LeafrefTypeDefinition ? "reference to a " + type : type;
    String value = leaf.denyAll() ? "The value" : "'" + shown(text) + "'";
    return NetconfException
        .of(ErrorTag.INVALID_VALUE, value + " is not a valid " + of + " for " + leaf.localName() + "."
            + (why == null ? "" : " " + why))
        .at(DataPath.of(path, leaf)).info("bad-element", leaf.localName());
  }

  private static String shown(String text) {
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
  }

  private Insert insert(YangNode node, DataPath path, String where, String anchor) throws NetconfException {
    Insert.Where position;
    try {
      position = Insert.Where.valueOf(where.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw badInsert(ErrorTag.BAD_ATTRIBUTE, node, path, "insert");
    }
    if (!node.userOrdered()) {
      throw badInsert(ErrorTag.UNKNOWN_ATTRIBUTE, node, path, "insert");
    }
    boolean relative = position == Insert.Where.BEFORE || position == Insert.Where.AFTER;
    String name = node.kind == Kind.LIST ? "key" : "value";
    if (relative != (anchor != null)) {
      throw badInsert(relative ? ErrorTag.MISSING_ATTRIBUTE : ErrorTag.BAD_ATTRIBUTE, node, path, name);
    }
    if (!relative) {
      return new Insert(position, null);
    }
    if (node.kind == Kind.LEAF_LIST) {
      return new Insert(position, new NodeWithValue<>(node.name, parse(node, path, anchor)));
    }
    return new Insert(position, KeyPredicates.parse(node, in.namespaces(), anchor,
        () -> badInsert(ErrorTag.BAD_ATTRIBUTE, node, path, name)));
  }

  private static NetconfException badInsert(ErrorTag tag, YangNode node, DataPath path, String attribute) {
    return NetconfException.of(tag, "Attribute " + attribute + " of " + node.localName() + " is missing or wrong.")
        .type("application").at(DataPath.of(path, node)).info("bad-attribute", attribute)
        .info("bad-element", node.localName());
  }
}
