// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.common.YangConstants;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifier;
import org.opendaylight.yangtools.yang.model.api.ActionDefinition;
import org.opendaylight.yangtools.yang.model.api.ActionNodeContainer;
import org.opendaylight.yangtools.yang.model.api.AnydataSchemaNode;
import org.opendaylight.yangtools.yang.model.api.AnyxmlSchemaNode;
import org.opendaylight.yangtools.yang.model.api.AugmentationSchemaNode;
import org.opendaylight.yangtools.yang.model.api.AugmentationTarget;
import org.opendaylight.yangtools.yang.model.api.CaseSchemaNode;
import org.opendaylight.yangtools.yang.model.api.ChoiceSchemaNode;
import org.opendaylight.yangtools.yang.model.api.ContainerLike;
import org.opendaylight.yangtools.yang.model.api.ContainerSchemaNode;
import org.opendaylight.yangtools.yang.model.api.DataNodeContainer;
import org.opendaylight.yangtools.yang.model.api.DataSchemaNode;
import org.opendaylight.yangtools.yang.model.api.EffectiveStatementEquivalent;
import org.opendaylight.yangtools.yang.model.api.ElementCountConstraintAware;
import org.opendaylight.yangtools.yang.model.api.LeafListSchemaNode;
import org.opendaylight.yangtools.yang.model.api.LeafSchemaNode;
import org.opendaylight.yangtools.yang.model.api.ListSchemaNode;
import org.opendaylight.yangtools.yang.model.api.MandatoryAware;
import org.opendaylight.yangtools.yang.model.api.MustConstraintAware;
import org.opendaylight.yangtools.yang.model.api.MustDefinition;
import org.opendaylight.yangtools.yang.model.api.NotificationDefinition;
import org.opendaylight.yangtools.yang.model.api.NotificationNodeContainer;
import org.opendaylight.yangtools.yang.model.api.OperationDefinition;
import org.opendaylight.yangtools.yang.model.api.RpcDefinition;
import org.opendaylight.yangtools.yang.model.api.SchemaContext;
import org.opendaylight.yangtools.yang.model.api.TypeDefinition;
import org.opendaylight.yangtools.yang.model.api.TypedDataSchemaNode;
import org.opendaylight.yangtools.yang.model.api.UsesNode;
import org.opendaylight.yangtools.yang.model.api.UserOrderedAware;
import org.opendaylight.yangtools.yang.model.api.meta.DeclaredStatement;
import org.opendaylight.yangtools.yang.model.api.stmt.SchemaNodeIdentifier;
import org.opendaylight.yangtools.yang.model.api.stmt.UniqueEffectiveStatement;
import org.opendaylight.yangtools.yang.xpath.api.YangXPathExpression;
import org.southbound.netconf.schema.YangNode.Case;
import org.southbound.netconf.schema.YangNode.Choice;
import org.southbound.netconf.schema.YangNode.Constraint;
import org.southbound.netconf.schema.YangNode.Kind;
import org.southbound.netconf.schema.YangNode.Unique;
import org.southbound.netconf.schema.YangNode.When;

/** Turns the effective model of yangtools into {@link YangNode}s, once, at start. */
final class SchemaCompiler {
  private static final String NACM = "urn:ietf:params:xml:ns:yang:ietf-netconf-acm";

  private final Schema schema;

  SchemaCompiler(Schema schema) {
    this.schema = schema;
  }

  /** Compiles the data tree; RPCs and notifications go into the two maps. */
  YangNode compile(Map<QName, YangNode> rpcs, Map<QName, YangNode> notifications) {
    var context = schema.context();
    var root = new YangNode(schema, Kind.ROOT, QName.create(schema.netconf(), "data"),
        NodeIdentifier.create(SchemaContext.NAME),
        null, null, true, schema.module(schema.netconf()));
    var children = new ArrayList<YangNode>();
    var choices = new ArrayList<Choice>();
    for (var module : context.getModules()) {
      if (schema.module(module.getQNameModule()).imported()) {
        continue;
      }
      Map<QName, List<When>> conditions = added(module);
      for (DataSchemaNode each : module.getChildNodes()) {
        data(root, null, each, children, choices, conditions);
      }
      for (RpcDefinition rpc : module.getRpcs()) {
        rpcs.put(rpc.getQName(), operation(null, rpc));
      }
      for (NotificationDefinition each : module.getNotifications()) {
        notifications.put(each.getQName(), notification(null, each));
      }
    }
    root.choices = List.copyOf(choices);
    root.children(children);
    return root;
  }

  /** Follows references and marks what validation has to look at: once all nodes are there. */
  void finish(YangNode root, Map<QName, YangNode> rpcs, Map<QName, YangNode> notifications) {
    finish(root);
    Dependencies.find(root);
    rpcs.values().forEach(each -> {
      finish(each);
      finish(each.output);
    });
    notifications.values().forEach(this::finish);
  }

  private YangNode operation(YangNode parent, OperationDefinition definition) {
    QName name = definition.getQName();
    YangNode input = body(parent, Kind.INPUT, name, definition.getInput(),
        YangConstants.operationInputQName(name.getModule()));
    input.output = body(parent, Kind.OUTPUT, name, definition.getOutput(),
        YangConstants.operationOutputQName(name.getModule()));
    extensions(input, definition);
    return input;
  }

  private YangNode body(YangNode parent, Kind kind, QName name, ContainerLike container, QName id) {
    var node = new YangNode(schema, kind, name, NodeIdentifier.create(id), parent, null, kind == Kind.INPUT,
        schema.module(name.getModule()));
    node.presence = true;
    container(node, container);
    musts(node, container);
    return node;
  }

  private YangNode notification(YangNode parent, NotificationDefinition definition) {
    QName name = definition.getQName();
    var node = new YangNode(schema, Kind.NOTIFICATION, name, NodeIdentifier.create(name), parent, null, false,
        schema.module(name.getModule()));
    node.presence = true;
    container(node, definition);
    musts(node, definition);
    extensions(node, definition);
    return node;
  }

  private void container(YangNode node, DataNodeContainer container) {
    var children = new ArrayList<YangNode>();
    var choices = new ArrayList<Choice>();
    Map<QName, List<When>> augmented = added(container);
    for (DataSchemaNode each : container.getChildNodes()) {
      data(node, null, each, children, choices, augmented);
    }
    if (container instanceof ListSchemaNode list && !list.getKeyDefinition().isEmpty()) {
      var keys = new ArrayList<YangNode>();
      for (QName key : list.getKeyDefinition()) {
        for (YangNode child : children) {
          if (child.name.equals(key)) {
            keys.add(child);
          }
        }
      }
      children.removeAll(keys);
      children.addAll(0, keys);
      node.keys = keys.toArray(YangNode[]::new);
    }
    node.choices = List.copyOf(choices);
    node.children(children);
    if (container instanceof ActionNodeContainer holder) {
      var actions = new HashMap<String, YangNode>();
      for (ActionDefinition each : holder.getActions()) {
        actions.put(each.getQName().getLocalName(), operation(node, each));
      }
      node.actions = Map.copyOf(actions);
    }
    if (container instanceof NotificationNodeContainer holder && node.kind != Kind.NOTIFICATION) {
      var inner = new HashMap<String, YangNode>();
      for (NotificationDefinition each : holder.getNotifications()) {
        inner.put(each.getQName().getLocalName(), notification(node, each));
      }
      node.notifications = Map.copyOf(inner);
    }
  }

  /** The when of an augment or a uses holds for each node it adds (RFC 7950 section 7.21.5). */
  private Map<QName, List<When>> added(Object target) {
    var found = new HashMap<QName, List<When>>();
    if (target instanceof AugmentationTarget holder) {
      for (AugmentationSchemaNode augment : holder.getAvailableAugmentations()) {
        for (DataSchemaNode each : augment.getChildNodes()) {
          augment.getWhenCondition().ifPresent(when -> add(found, each.getQName(), when));
        }
        used(augment, found);
      }
    }
    if (target instanceof DataNodeContainer container) {
      used(container, found);
    }
    return found;
  }

  private void used(DataNodeContainer container, Map<QName, List<When>> found) {
    for (UsesNode uses : container.getUses()) {
      for (DataSchemaNode each : container.getChildNodes()) {
        var inGrouping = each.getQName().bindTo(uses.getSourceGrouping().getQName().getModule());
        if (uses.getSourceGrouping().dataChildByName(inGrouping) != null) {
          conditions(uses, inGrouping, each.getQName(), found);
        }
      }
    }
  }

  /** The when of a uses, and those of the uses in its grouping, as far as they bring that node. */
  private void conditions(UsesNode uses, QName inGrouping, QName name, Map<QName, List<When>> found) {
    uses.getWhenCondition().ifPresent(when -> add(found, name, when));
    for (UsesNode inner : uses.getSourceGrouping().getUses()) {
      var deeper = inGrouping.bindTo(inner.getSourceGrouping().getQName().getModule());
      if (inner.getSourceGrouping().dataChildByName(deeper) != null) {
        conditions(inner, deeper, name, found);
      }
    }
  }

  private void add(Map<QName, List<When>> found, QName name, YangXPathExpression when) {
    // Names without a prefix stand for the module that adds the node, not for that of the context node.
    found.computeIfAbsent(name, k -> new ArrayList<>())
        .add(new When(text(schema, when, name.getNamespace().toString()), true));
  }

  private void data(YangNode parent, Case inCase, DataSchemaNode source, List<YangNode> children, List<Choice> choices,
      Map<QName, List<When>> augmented) {
    QName name = source.getQName();
    if (source instanceof ChoiceSchemaNode choice) {
      choice(parent, inCase, choice, children, choices, augmented.getOrDefault(name, List.of()));
    } else {
      Kind kind = switch (source) {
        case ContainerSchemaNode c -> Kind.CONTAINER;
        case ListSchemaNode l -> Kind.LIST;
        case LeafSchemaNode l -> Kind.LEAF;
        case LeafListSchemaNode l -> Kind.LEAF_LIST;
        case AnydataSchemaNode a -> Kind.ANYDATA;
        case AnyxmlSchemaNode a -> Kind.ANYDATA;
        default -> throw new IllegalStateException("a kind of node that YANG 1.1 does not have: " + name);
      };
      boolean config = source.effectiveConfig().orElse(parent.config);
      var node = new YangNode(schema, kind, name, NodeIdentifier.create(name), parent, inCase, config,
          schema.module(name.getModule()));
      children.add(node);
      for (Case each = inCase; each != null; each = each.choice.within) {
        each.nodes.add(node);
      }
      fill(node, source, augmented.getOrDefault(name, List.of()));
    }
  }

  private void fill(YangNode node, DataSchemaNode source, List<When> augmented) {
    node.presence = source instanceof ContainerSchemaNode container && container.isPresenceContainer();
    node.mandatory = source instanceof MandatoryAware aware && aware.isMandatory();
    node.userOrdered = source instanceof UserOrderedAware<?> ordered && ordered.isUserOrdered();
    node.repeats = node.kind == Kind.LEAF_LIST && !(node.config && isData(node));
    if (source instanceof ElementCountConstraintAware counted) {
      counted.getElementCountConstraint().ifPresent(count -> {
        node.minElements = count.getMinElements() == null ? 0 : count.getMinElements();
        node.maxElements = count.getMaxElements() == null ? Integer.MAX_VALUE : count.getMaxElements();
      });
    }
    var whens = new ArrayList<When>(augmented);
    source.getWhenCondition().ifPresent(when -> whens.add(new When(text(when, node), false)));
    node.whens = List.copyOf(whens);
    musts(node, source);
    extensions(node, source);
    if (source instanceof TypedDataSchemaNode typed) {
      node.typed = typed;
      node.type = typed.getType();
      for (TypeDefinition<?> each = node.type; each != null; each = each.getBaseType()) {
        node.xpath |= each.getQName().getLocalName().equals("xpath1.0");
      }
    }
    switch (source) {
      case LeafSchemaNode leaf -> node.defaults = leaf.getType().getDefaultValue().map(v -> List.of(v.toString()))
          .orElse(List.of());
      case LeafListSchemaNode leaves -> {
        var defaults = new ArrayList<String>();
        leaves.getDefaults().forEach(each -> defaults.add(each.toString()));
        if (defaults.isEmpty() && node.minElements == 0) {
          leaves.getType().getDefaultValue().ifPresent(v -> defaults.add(v.toString()));
        }
        node.defaults = List.copyOf(defaults);
      }
      case DataNodeContainer container -> container(node, container);
      default -> {
      }
    }
    if (source instanceof ListSchemaNode list) {
      uniques(node, list.getUniqueConstraints());
    }
  }

  /** False for what is in an RPC's or action's input. */
  private static boolean isData(YangNode node) {
    return node == null || node.kind != Kind.INPUT && isData(node.parent);
  }

  private void choice(YangNode parent, Case inCase, ChoiceSchemaNode source, List<YangNode> children,
      List<Choice> choices,
      List<When> augmented) {
    var choice = new Choice(source.getQName(), inCase, source.isMandatory());
    choice.whens.addAll(augmented);
    source.getWhenCondition()
        .ifPresent(when -> choice.whens.add(new When(text(schema, when, namespace(source)), true)));
    choices.add(choice);
    Map<QName, List<When>> toCases = added(source);
    for (CaseSchemaNode each : source.getCases()) {
      var one = new Case(each.getQName(), choice);
      one.whens.addAll(toCases.getOrDefault(each.getQName(), List.of()));
      each.getWhenCondition().ifPresent(when -> one.whens.add(new When(text(schema, when, namespace(each)), true)));
      choice.cases.add(one);
      if (source.getDefaultCase().map(CaseSchemaNode::getQName).filter(each.getQName()::equals).isPresent()) {
        choice.defaultCase = one;
      }
      Map<QName, List<When>> toNodes = added(each);
      for (DataSchemaNode child : each.getChildNodes()) {
        data(parent, one, child, children, choices, toNodes);
      }
    }
  }

  private static String namespace(DataSchemaNode node) {
    return node.getQName().getNamespace().toString();
  }

  private void musts(YangNode node, Object source) {
    if (source instanceof MustConstraintAware aware && !aware.getMustConstraints().isEmpty()) {
      var musts = new ArrayList<Constraint>();
      for (MustDefinition must : aware.getMustConstraints()) {
        musts.add(new Constraint(text(must.getXpath(), node), must.getErrorMessage().orElse(null),
            must.getErrorAppTag().orElse(null)));
      }
      node.musts = List.copyOf(musts);
    }
  }

  /** Reads nacm's marks, of whichever revision. The effective model of yangtools drops them: only the declared one has them. */
  private static void extensions(YangNode node, Object source) {
    if (source instanceof EffectiveStatementEquivalent<?> equivalent) {
      DeclaredStatement<?> declared = equivalent.asEffectiveStatement().getDeclared();
      if (declared == null) {
        return;
      }
      for (DeclaredStatement<?> sub : declared.declaredSubstatements()) {
        QName name = sub.statementDefinition().getStatementName();
        if (name.getNamespace().toString().equals(NACM)) {
          node.denyAll |= name.getLocalName().equals("default-deny-all");
          node.denyWrite |= name.getLocalName().equals("default-deny-write");
        }
      }
    }
  }

  private static void uniques(YangNode list, Collection<? extends UniqueEffectiveStatement> statements) {
    var uniques = new ArrayList<Unique>();
    for (UniqueEffectiveStatement each : statements) {
      var leaves = new ArrayList<List<YangNode>>();
      for (SchemaNodeIdentifier.Descendant leaf : each.argument()) {
        var way = new ArrayList<YangNode>();
        YangNode at = list;
        for (QName step : leaf.getNodeIdentifiers()) {
          YangNode next = at.child(step.getNamespace().toString(), step.getLocalName());
          if (next != null) { // a choice or case has no YangNode
            way.add(next);
            at = next;
          }
        }
        leaves.add(List.copyOf(way));
      }
      uniques.add(new Unique(List.copyOf(leaves)));
    }
    list.uniques = List.copyOf(uniques);
  }

  /** Marks, from the bottom up, what validation has to look at. */
  private void finish(YangNode node) {
    boolean xpath = !node.musts.isEmpty() || !node.whens.isEmpty() || (node.isLeaf() && node.valueType().refers())
        || !node.uniques.isEmpty();
    node.conditional = !node.whens.isEmpty();
    boolean own = xpath || node.mandatory || node.minElements > 0 || node.maxElements != Integer.MAX_VALUE;
    for (Case each = node.inCase; each != null; each = each.choice.within) {
      boolean when = !each.whens.isEmpty() || !each.choice.whens.isEmpty();
      xpath |= when;
      own |= when;
      node.conditional |= when;
    }
    for (Choice each : node.choices) {
      own |= each.mandatory;
    }
    node.guarded = node.conditional;
    node.constrained = own;
    node.xpathBelow = xpath;
    node.secretBelow = node.isPasswordHash();
    node.defaultsBelow = node.hasDefault();
    node.stateBelow = !node.config;
    for (YangNode child : node.children) {
      finish(child);
      node.defaultsBelow |= child.defaultsBelow && node.kind == Kind.CONTAINER && !node.presence;
      node.stateBelow |= child.stateBelow;
      node.constrained |= child.constrained;
      node.xpathBelow |= child.xpathBelow;
      node.conditional |= child.conditional;
      node.secretBelow |= child.secretBelow;
    }
    for (YangNode each : node.actions.values()) {
      finish(each);
      finish(each.output);
    }
    node.notifications.values().forEach(this::finish);
  }

  private static XPathText text(YangXPathExpression expression, YangNode node) {
    return text(node.schema(), expression, node.namespace());
  }

  private static XPathText text(Schema schema, YangXPathExpression expression, String here) {
    return XPathText.of(expression.toString(), here, new XPathPrefixes(expression, schema.imports(here))::namespace);
  }
}
