// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapEntryNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Values;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.schema.YangNode.Case;
import org.southbound.netconf.schema.YangNode.Choice;
import org.southbound.netconf.schema.YangNode.Constraint;
import org.southbound.netconf.schema.YangNode.Kind;
import org.southbound.netconf.schema.YangNode.Unique;
import org.southbound.netconf.schema.YangNode.When;
import org.southbound.netconf.xpath.DataNode;
import org.southbound.netconf.xpath.Expression;

/**
 * The constraints of YANG (RFC 7950 sections 8 and 15) on a whole tree: when, must, mandatory, min and max elements, unique,
 * leafref, instance-identifier. Value types were checked when the values were read.
 *
 * <p>Subtrees that are the same objects as in a tree that was valid are not looked at again, unless XPath may have made them
 * depend on what did change.
 */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
public final class Validator {
  private final boolean configOnly;
  private final Touched touched;
  private final References references = new References();

  private Validator(boolean configOnly, Touched touched) {
    this.configOnly = configOnly;
    this.touched = touched;
  }

  /**
   * Checks a configuration.
   *
   * @param valid a former tree known to be valid, or null
   */
  public static void config(YangNode root, ContainerNode valid, ContainerNode tree) throws NetconfException {
    new Validator(true, new Touched(root, valid, tree)).children(DataNode.root(root, tree), valid);
  }

  /** Checks configuration together with state data. */
  public static void operational(YangNode root, ContainerNode tree) throws NetconfException {
    new Validator(false, new Touched(root, null, tree)).children(DataNode.root(root, tree), null);
  }

  /**
   * Checks the input or output of an RPC or action, or a notification, in sight of the data tree (RFC 7950 section 6.4.1).
   *
   * @param target the node that an action or notification belongs to; null for what stands at the top
   * @throws NetconfException data-missing if there is no such node
   */
  public static void operation(YangNode root, ContainerNode tree, DataPath target, YangNode operation,
      ContainerNode data) throws NetconfException {
    DataNode at = DataNode.root(root, tree).find(target);
    if (at == null) {
      throw NetconfException.of(ErrorTag.DATA_MISSING, target.node().localName() + " does not exist.").at(target);
    }
    var validator = new Validator(false, new Touched(root, null, tree));
    DataNode node = at.guest(operation, data);
    validator.children(node, null);
    musts(node);
  }

  private void children(DataNode parent, NormalizedNode valid) throws NetconfException {
    YangNode schema = parent.schema();
    for (YangNode child : schema.children()) {
      if (!child.constrained() || (configOnly && !child.config)) {
        continue;
      }
      NormalizedNode before = valid instanceof DataContainerNode container ? YangNode.find(container, child) : null;
      NormalizedNode now = parent.data() instanceof DataContainerNode container ? YangNode.find(container, child)
          : null;
      if (before == null || touched.reach(child.dependencies())) {
        child(parent, child, before);
      } else if (now instanceof MapNode list && before instanceof MapNode was) {
        entries(parent, child, list, was);
      } else if (now != before) {
        child(parent, child, before);
      }
    }
    for (Choice choice : schema.choices()) {
      if (choice.mandatory && parent.presentCase(choice) == null && mayExist(parent, choice)) {
        throw NetconfException
            .of(ErrorTag.DATA_MISSING,
                "One of the cases of " + choice.name.getLocalName() + " must be there.")
            .appTag("missing-choice").at(parent.path())
            .info(new NetconfException.ErrorInfo("urn:ietf:params:xml:ns:yang:1", "missing-choice",
                choice.name.getLocalName(), false));
      }
    }
  }

  /** A choice in a case counts only if that case was taken; one under a false when not at all. */
  private static boolean mayExist(DataNode parent, Choice choice) {
    if (!holds(parent, parent, choice.whens)) {
      return false;
    }
    for (Case each = choice.within; each != null; each = each.choice.within) {
      if (parent.presentCase(each.choice) != each || !holds(parent, parent, each.whens)) {
        return false;
      }
    }
    return true;
  }

  private void child(DataNode parent, YangNode child, NormalizedNode before) throws NetconfException {
    List<DataNode> instances = parent.children(child);
    int count = 0;
    for (DataNode each : instances) {
      count += each.byDefault() ? 0 : 1;
    }
    if (count > 0 && child.guarded() && !whenHolds(parent, child, instances.getFirst())) {
      throw NetconfException
          .of(ErrorTag.UNKNOWN_ELEMENT, child.localName() + " may not be here: its condition does not hold.")
          .type("application").at(instances.getFirst().path()).info("bad-element", child.localName());
    }
    if (count == 0) {
      missing(parent, child);
    }
    if (count > 0 || child.minElements() > 0) {
      elements(parent, child, count);
    }
    if (!child.uniques().isEmpty() && count > 1) {
      for (Unique each : child.uniques()) {
        unique(each, instances);
      }
    }
    for (DataNode each : instances) {
      instance(child, each, child.kind == Kind.LIST ? entry(before, each) : before);
    }
  }

  /** A list on which nothing outside of it has an influence that would have changed: its changed entries. */
  private void entries(DataNode parent, YangNode child, MapNode list, MapNode was) throws NetconfException {
    if (list == was) {
      return;
    }
    elements(parent, child, list.size());
    if (touched.reach(child.uniqueDependencies())) {
      for (Unique each : child.uniques()) {
        unique(each, parent.children(child));
      }
    }
    for (MapEntryNode each : touched.entries(list, was)) {
      instance(child, parent.entry(child, each.name()), was.childByArg(each.name()));
    }
  }

  private void instance(YangNode schema, DataNode node, NormalizedNode was) throws NetconfException {
    if (was != null && was == node.data() && !touched.reach(schema.dependencies())) {
      return;
    }
    if (schema.isLeaf() && !node.byDefault()) {
      reference(node);
    }
    if (!schema.isTerminal()) {
      children(node, was);
    }
    musts(node); // after what is below, so that what is missing is said first
  }

  private static NormalizedNode entry(NormalizedNode before, DataNode entry) {
    return before instanceof MapNode map && entry.data() instanceof MapEntryNode now ? map.childByArg(now.name())
        : null;
  }

  static boolean whenHolds(DataNode parent, YangNode child, DataNode instance) {
    if (!holds(parent, instance, child.whens())) {
      return false;
    }
    for (Case each = child.inCase; each != null; each = each.choice.within) {
      if (!holds(parent, parent, each.whens) || !holds(parent, parent, each.choice.whens)) {
        return false;
      }
    }
    return true;
  }

  private static boolean holds(DataNode parent, DataNode instance, List<When> whens) {
    for (When when : whens) {
      if (!Expression.of(when.xpath()).test(when.onParent() ? parent : instance)) {
        return false;
      }
    }
    return true;
  }

  private static boolean required(DataNode parent, YangNode child) {
    // RFC 7950 section 7.6.5: inside a case only if a node of that case exists.
    for (Case each = child.inCase; each != null; each = each.choice.within) {
      if (parent.presentCase(each.choice) != each) {
        return false;
      }
    }
    return whenHolds(parent, child, parent.dummy(child));
  }

  private void missing(DataNode parent, YangNode child) throws NetconfException {
    if (child.mandatory() && required(parent, child)) {
      throw NetconfException
          .of(configOnly ? ErrorTag.DATA_MISSING : ErrorTag.MISSING_ELEMENT, child.localName() + " must be there.")
          .at(DataPath.of(parent.path(), child)).info("bad-element", child.localName());
    }
  }

  private static void elements(DataNode parent, YangNode child, int count) throws NetconfException {
    if (count < child.minElements() && (count > 0 || required(parent, child))) {
      throw NetconfException
          .of(ErrorTag.OPERATION_FAILED,
              "There must be at least " + child.minElements() + " of " + child.localName() + ".")
          .appTag("too-few-elements").at(DataPath.of(parent.path(), child));
    }
    if (count > child.maxElements()) {
      throw NetconfException
          .of(ErrorTag.OPERATION_FAILED,
              "There may be at most " + child.maxElements() + " of " + child.localName() + ".")
          .appTag("too-many-elements").at(DataPath.of(parent.path(), child));
    }
  }

  private static void musts(DataNode node) throws NetconfException {
    for (Constraint must : node.schema().musts()) {
      if (!Expression.of(must.xpath()).test(node)) {
        String message = must.message() == null ? "Must not be: " + must.xpath().original() : must.message();
        throw NetconfException.of(ErrorTag.OPERATION_FAILED, message)
            .appTag(must.appTag() == null ? "must-violation" : must.appTag()).at(node.path());
      }
    }
  }

  private void reference(DataNode leaf) throws NetconfException {
    if (!references.hold(leaf)) {
      YangNode schema = leaf.schema();
      throw NetconfException
          .of(ErrorTag.DATA_MISSING,
              schema.localName() + " refers to '" + Values.text(schema.schema(), leaf.value())
                  + "', which does not exist.")
          .appTag("instance-required").at(leaf.path());
    }
  }

  private static void unique(Unique unique, List<DataNode> entries) throws NetconfException {
    Map<List<Object>, DataNode> seen = new HashMap<>();
    for (DataNode entry : entries) {
      var values = new ArrayList<Object>();
      for (List<YangNode> way : unique.leaves()) {
        DataNode at = entry;
        for (YangNode step : way) {
          List<DataNode> next = at == null ? List.of() : at.children(step);
          at = next.isEmpty() ? null : next.getFirst();
        }
        if (at != null && at.value() != null) {
          values.add(at.value());
        }
      }
      // RFC 7950 section 7.8.3: an entry that lacks one of the leaves takes no part.
      DataNode other = values.size() == unique.leaves().size() ? seen.putIfAbsent(values, entry) : null;
      if (other != null) {
        Set<String> names = new HashSet<>();
        unique.leaves().forEach(way -> names.add(way.getLast().localName()));
        throw NetconfException
            .of(ErrorTag.OPERATION_FAILED,
                entry.schema().localName() + " must be unique in " + String.join(", ", names) + ".")
            .appTag("data-not-unique").at(entry.path())
            .info(new NetconfException.ErrorInfo("urn:ietf:params:xml:ns:yang:1", "non-unique",
                String.valueOf(other.path()), false))
            .info(new NetconfException.ErrorInfo("urn:ietf:params:xml:ns:yang:1", "non-unique",
                String.valueOf(entry.path()), false));
      }
    }
  }
}
