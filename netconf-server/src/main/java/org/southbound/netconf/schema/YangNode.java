// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.xml.namespace.NamespaceContext;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifier;
import org.opendaylight.yangtools.yang.data.api.schema.ChoiceNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.model.api.TypeDefinition;
import org.opendaylight.yangtools.yang.model.api.TypedDataSchemaNode;

/**
 * One data node of the schema, compiled once into what reading, writing, editing and validating look up: choices and cases are
 * flattened away (RFC 7950 section 7.9: they never show in XML), keys come first, the rest in schema order.
 *
 * <p>Built by {@link SchemaCompiler} on one thread, immutable afterwards.
 */
public final class YangNode {
  /** What a node is. INPUT and OUTPUT carry the name of their RPC or action. */
  public enum Kind {
    ROOT, CONTAINER, LIST, LEAF, LEAF_LIST, ANYDATA, INPUT, OUTPUT, NOTIFICATION
  }

  /** A must or when with what its refusal says; message and app-tag may be null. */
  public record Constraint(XPathText xpath, String message, String appTag) {
  }

  /** A when statement; {@code onParent} if its context node is the parent (those of augment, uses, choice and case). */
  public record When(XPathText xpath, boolean onParent) {
  }

  /** A unique statement: for each leaf the way down from the list entry. */
  public record Unique(List<List<YangNode>> leaves) {
  }

  /** A choice, where it matters: one case at a time, mandatory, default. */
  public static final class Choice {
    public final QName name;
    public final NodeIdentifier id;
    /** The case that this choice is nested in, or null. */
    public final Case within;
    public final boolean mandatory;
    public final List<Case> cases = new ArrayList<>();
    public final List<When> whens = new ArrayList<>();
    Case defaultCase;

    Choice(QName name, Case within, boolean mandatory) {
      this.name = name;
      this.id = NodeIdentifier.create(name);
      this.within = within;
      this.mandatory = mandatory;
    }

    /** The case whose defaults hold when no case has nodes, or null. */
    public Case defaultCase() {
      return defaultCase;
    }
  }

  /** One case of a choice. */
  public static final class Case {
    public final QName name;
    public final Choice choice;
    /** Every data node of the case, those of nested choices included. */
    public final List<YangNode> nodes = new ArrayList<>();
    public final List<When> whens = new ArrayList<>();

    Case(QName name, Choice choice) {
      this.name = name;
      this.choice = choice;
    }
  }

  private static final Set<String> CRYPT_HASH = Set.of("crypt-hash");
  private static final Set<String> PASSWORDS = Set.of("crypt-hash", "password-hash");

  public final Kind kind;
  public final QName name;
  /** The argument by which the node is found in its parent's NormalizedNode. */
  public final NodeIdentifier id;
  /** Null for the root, an RPC's input and output, and a notification outside the data tree. */
  public final YangNode parent;
  /** The innermost case that holds the node, or null. */
  public final Case inCase;
  public final boolean config;
  public final Module module;
  /** Dense and unique in the schema: for tables that hold something for each node. */
  public final int number;

  int index;
  YangNode[] children = {};
  List<Choice> choices = List.of();
  YangNode[] keys = {};
  boolean presence;
  boolean mandatory;
  boolean userOrdered;
  boolean repeats;
  int minElements;
  int maxElements = Integer.MAX_VALUE;
  List<Constraint> musts = List.of();
  List<When> whens = List.of();
  List<Unique> uniques = List.of();
  /** Default values as written, and the namespaces they were written under. */
  List<String> defaults = List.of();
  TypedDataSchemaNode typed;
  TypeDefinition<?> type;
  boolean denyAll;
  boolean denyWrite;
  boolean xpath;
  boolean secretBelow;
  boolean constrained;
  boolean xpathBelow;
  boolean conditional;
  boolean defaultsBelow;
  boolean stateBelow;
  boolean guarded;
  Set<String> dependencies = Set.of("*");
  Set<String> uniqueDependencies = Set.of();
  Map<String, YangNode> actions = Map.of();
  Map<String, YangNode> notifications = Map.of();
  YangNode output;
  private final Map<String, Object> byName = new HashMap<>();
  private final Schema schema;
  private ValueType valueType;
  private volatile List<Object> defaultValues;

  YangNode(Schema schema, Kind kind, QName name, NodeIdentifier id, YangNode parent, Case inCase, boolean config,
      Module module) {
    this.schema = schema;
    this.number = schema.nextNumber();
    this.kind = kind;
    this.name = name;
    this.id = id;
    this.parent = parent;
    this.inCase = inCase;
    this.config = config;
    this.module = module;
  }

  /** Position among the parent's children. */
  public int index() {
    return index;
  }

  void children(List<YangNode> list) {
    children = list.toArray(YangNode[]::new);
    for (int i = 0; i < children.length; i++) {
      YangNode child = children[i];
      child.index = i;
      // Two modules may augment the same name into a node: then the table keeps a list under the local name.
      Object present = byName.putIfAbsent(child.localName(), child);
      if (present instanceof YangNode other) {
        byName.put(child.localName(), new ArrayList<>(List.of(other, child)));
      } else if (present instanceof ArrayList<?>) {
        @SuppressWarnings("unchecked")
        ArrayList<YangNode> several = (ArrayList<YangNode>) present;
        several.add(child);
      }
    }
  }

  /** Data children in schema order, keys first. Not to be modified. */
  public YangNode[] children() {
    return children;
  }

  /** Choices among the children, outer before inner. */
  public List<Choice> choices() {
    return choices;
  }

  /** Key leaves of a list in order; empty for all else. */
  public YangNode[] keys() {
    return keys;
  }

  /** A leaf for the hash of a password, which takes the password itself after {@code $0$} (iana-crypt-hash, southbound-nf). */
  public boolean isPasswordHash() {
    return isOf(PASSWORDS);
  }

  /** A password's hash that knows no PBKDF2: iana-crypt-hash. */
  public boolean isCryptHash() {
    return isOf(CRYPT_HASH);
  }

  private boolean isOf(Set<String> types) {
    for (TypeDefinition<?> each = type; each != null; each = each.getBaseType()) {
      if (types.contains(each.getQName().getLocalName())) {
        return true;
      }
    }
    return false;
  }

  public boolean isKey() {
    if (parent != null) {
      for (YangNode key : parent.keys) {
        if (key == this) {
          return true;
        }
      }
    }
    return false;
  }

  /** A container that means something by being there. */
  public boolean presence() {
    return presence;
  }

  public boolean mandatory() {
    return mandatory;
  }

  public boolean userOrdered() {
    return userOrdered;
  }

  /** A leaf-list that may have a value more than once: one that is no configuration (RFC 7950 section 7.7). */
  public boolean repeats() {
    return repeats;
  }

  public int minElements() {
    return minElements;
  }

  public int maxElements() {
    return maxElements;
  }

  public List<Constraint> musts() {
    return musts;
  }

  public List<When> whens() {
    return whens;
  }

  public List<Unique> uniques() {
    return uniques;
  }

  /** The leaf's type; for a leafref, the leafref itself. */
  public TypeDefinition<?> type() {
    return type;
  }

  /** The leaf's type, compiled. */
  public ValueType valueType() {
    if (valueType == null) { // only while the schema is compiled, which one thread does
      valueType = TypeCompiler.compile(this);
    }
    return valueType;
  }

  /** The leaf's type with leafrefs followed. */
  public TypeDefinition<?> targetType() {
    return valueType().definition();
  }

  /** A leafref's path, or null. */
  public XPathText leafref() {
    return valueType().leafref();
  }

  /** Marked nacm:default-deny-all, itself or by an ancestor's mark being inherited by the reader. */
  public boolean denyAll() {
    return denyAll;
  }

  public boolean denyWrite() {
    return denyWrite;
  }

  /** The node or something below it can be violated by valid values: mandatory, must, unique and so on. */
  public boolean constrained() {
    return constrained;
  }

  /** The node or something below it depends on other nodes through XPath. */
  public boolean xpathBelow() {
    return xpathBelow;
  }

  /**
   * Local names of the nodes outside of an instance of this one on which expressions of it, or of nodes below, depend; {@code *}
   * among them stands for any.
   */
  public Set<String> dependencies() {
    return dependencies;
  }

  /** Local names of the nodes on which it depends whether entries are unique. */
  public Set<String> uniqueDependencies() {
    return uniqueDependencies;
  }

  /** The node itself has a when, or the case or choice that it is in. */
  public boolean guarded() {
    return guarded;
  }

  /** The node or something below it has a when. */
  public boolean conditional() {
    return conditional;
  }

  /** A leaf with a default, or a container without presence that holds one. */
  public boolean defaultsBelow() {
    return defaultsBelow;
  }

  /** The node or something below it is state. */
  public boolean stateBelow() {
    return stateBelow;
  }

  /** The input of an action of this name defined on this node, or null. */
  public YangNode action(String localName) {
    return actions.get(localName);
  }

  /** The inputs of the actions, and the notifications, that are defined on this node. */
  public List<YangNode> operations() {
    var all = new ArrayList<>(actions.values());
    all.addAll(notifications.values());
    return all;
  }

  /** A notification of this name defined on this node, or null. */
  public YangNode notification(String localName) {
    return notifications.get(localName);
  }

  /** A leaf whose value is XPath: its prefixes are those of the schema, whatever a client wrote (yang:xpath1.0). */
  public boolean isXPath() {
    return xpath;
  }

  /** The node or something below it is a password's hash. */
  public boolean secretBelow() {
    return secretBelow;
  }

  /** For an INPUT, its OUTPUT. */
  public YangNode output() {
    return output;
  }

  public boolean isLeaf() { return kind == Kind.LEAF || kind == Kind.LEAF_LIST; }

  public boolean isTerminal() { return isLeaf() || kind == Kind.ANYDATA; }

  public String localName() {
    return name.getLocalName();
  }

  public String namespace() {
    return module.namespace();
  }

  /** The child of that name, or null; an empty or null namespace stands for any. */
  public YangNode child(String namespace, String localName) {
    Object found = byName.get(localName);
    if (found == null) {
      return null;
    }
    boolean any = namespace == null || namespace.isEmpty();
    if (found instanceof YangNode node) {
      return any || node.module.namespace().equals(namespace) ? node : null;
    }
    for (Object each : (List<?>) found) {
      YangNode node = (YangNode) each;
      if (any || node.module.namespace().equals(namespace)) {
        return node;
      }
    }
    return null;
  }

  /** The child of that name; else the input of the action or RPC, or the notification, of that name; or null. */
  YangNode step(String namespace, String localName) {
    YangNode found = child(namespace, localName);
    if (found == null && kind == Kind.ROOT) {
      found = schema.rpc(namespace, localName);
      return found == null ? schema.notification(namespace, localName) : found;
    }
    return found == null ? operation(namespace, localName) : found;
  }

  /** The input of the action, or the notification, of that name defined on this node; or null. */
  public YangNode operation(String namespace, String localName) {
    YangNode found = actions.getOrDefault(localName, notifications.get(localName));
    return found == null || !found.namespace().equals(namespace) ? null : found;
  }

  /** The child of that local name; for callers that know the model. A missing one is a bug. */
  public YangNode child(String localName) {
    YangNode found = child(null, localName);
    if (found == null) {
      throw new IllegalArgumentException("no " + localName + " in " + name.getLocalName());
    }
    return found;
  }

  /** The data of child {@code node} in {@code container}, choices looked through, or null. */
  public static NormalizedNode find(DataContainerNode container, YangNode node) {
    if (node.inCase == null) {
      return container.childByArg(node.id);
    }
    ChoiceNode choice = find(container, node.inCase.choice);
    return choice == null ? null : choice.childByArg(node.id);
  }

  /** The ChoiceNode of {@code choice} in {@code container}, or null. */
  public static ChoiceNode find(DataContainerNode container, Choice choice) {
    DataContainerNode holder = container;
    if (choice.within != null) {
      holder = find(container, choice.within.choice);
      if (holder == null) {
        return null;
      }
    }
    return (ChoiceNode) holder.childByArg(choice.id);
  }

  /** Parses and checks a value of this leaf; throws InvalidValueException. */
  public Object parse(NamespaceContext namespaces, String text) {
    return valueType().parse(namespaces, text);
  }

  /** Default value of a leaf or default values of a leaf-list; empty if there is none. */
  public List<Object> defaultValues() {
    List<Object> present = defaultValues;
    if (present == null) {
      var values = new ArrayList<Object>(defaults.size());
      for (String each : defaults) {
        values.add(valueType().parseDefault(schema.namespacesOf(this), each));
      }
      present = List.copyOf(values);
      defaultValues = present;
    }
    return present;
  }

  public boolean hasDefault() {
    return !defaults.isEmpty();
  }

  public Schema schema() {
    return schema;
  }

  @Override
  public String toString() {
    return parent == null || parent.kind == Kind.ROOT ? "/" + module.name() + ":" + localName()
        : parent + "/" + (parent.module.name().equals(module.name()) ? "" : module.name() + ":") + localName();
  }
}
