// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xml;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.namespace.NamespaceContext;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.MapNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.opendaylight.yangtools.yang.data.spi.node.ImmutableNodes;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Values;
import org.southbound.netconf.schema.ValueType;
import org.southbound.netconf.schema.YangNode;

/**
 * A subtree filter (RFC 6241 section 6): namespace selection, attribute match, containment, selection and content match nodes.
 * Immutable once read. An attribute match can only fail here, since no data node of ours carries attributes.
 */
public final class SubtreeFilter implements Filter {
  private record Test(String namespace, String name, String text, boolean attributes, List<Test> children,
      NamespaceContext context) {
    boolean matches(YangNode node) {
      return !attributes && name.equals(node.localName())
          && (namespace.isEmpty() || namespace.equals(node.namespace()));
    }

    boolean isContent() { return text != null; }
  }

  /** Selects everything. */
  private static final Test ALL = new Test("", "", null, false, List.of(), null);

  private final List<Test> tests;

  private SubtreeFilter(List<Test> tests) {
    this.tests = tests;
  }

  /** Reads the children of the present filter element. */
  public static SubtreeFilter read(XmlIn in) throws NetconfException {
    var tests = new ArrayList<Test>(2);
    in.mixed(() -> tests.add(test(in)));
    return new SubtreeFilter(tests);
  }

  private static Test test(XmlIn in) throws NetconfException {
    String namespace = in.namespace();
    String name = in.name();
    boolean attributes = in.attributes() > 0;
    var children = new ArrayList<Test>(2);
    NamespaceContext[] context = {null};
    // Only a value with a colon may need the prefixes in scope: an identity or an instance-identifier.
    Map<String, String> prefixes = new TreeMap<>();
    NamespaceContext live = in.namespaces();
    String text = in.mixed(() -> children.add(test(in))).strip();
    int colon = text.indexOf(':');
    if (colon > 0) {
      int from = colon;
      while (from > 0
          && (Character.isLetterOrDigit(text.charAt(from - 1)) || "_-.".indexOf(text.charAt(from - 1)) >= 0)) {
        from--;
      }
      String prefix = text.substring(from, colon);
      String uri = live.getNamespaceURI(prefix);
      if (uri != null) {
        prefixes.put(prefix, uri);
      }
    }
    context[0] = new ValueType.Prefixes(prefixes, namespace);
    return new Test(namespace, name, children.isEmpty() && !text.isEmpty() ? text : null, attributes, children,
        context[0]);
  }

  /** True if nothing is selected. */
  public boolean isEmpty() { return tests.isEmpty(); }

  @Override
  public boolean quick() {
    return true;
  }

  @Override
  public boolean mayTouch(YangNode top) {
    for (Test test : tests) {
      if (test.matches(top)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public boolean passes(DataWriter scratch, DataPath holder, YangNode notification, DataContainerNode data) {
    for (Test each : within(holder)) {
      if (each == ALL
          || each.matches(notification) && (each.children.isEmpty() || some(scratch, each, notification, data))) {
        return true;
      }
    }
    return false;
  }

  private static boolean some(DataWriter scratch, Test test, YangNode notification, DataContainerNode data) {
    int mark = scratch.out().length();
    entry(scratch, List.of(test), notification, data, null, null);
    boolean passed = scratch.out().length() > mark;
    scratch.out().truncate(mark);
    return passed;
  }

  /** What is tested of what is in that instance. */
  private List<Test> within(DataPath holder) {
    if (holder == null) {
      return tests;
    }
    var inner = new ArrayList<Test>();
    for (Test each : within(holder.parent())) {
      if (each == ALL) {
        return List.of(ALL);
      }
      if (each.matches(holder.node())
          && each.children.stream().allMatch(part -> !part.isContent() || isKey(part, holder))) {
        List<Test> selections = each.children.stream().filter(part -> !part.isContent()).toList();
        inner.addAll(selections.isEmpty() ? List.of(ALL) : selections);
      }
    }
    return inner;
  }

  private static boolean isKey(Test test, DataPath holder) {
    for (YangNode key : holder.node().keys()) {
      if (test.matches(key) && equal(test, key, ImmutableNodes.leafNode(key.id, holder.key(key)))) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void write(DataWriter writer, YangNode root, DataContainerNode data) {
    select(writer, tests, root, data, null, null);
  }

  /** Writes the children of {@code data} that some test selects, in schema order. */
  private static void select(DataWriter writer, List<Test> tests, YangNode node, DataContainerNode data,
      String namespace,
      DataPath path) {
    if (tests.size() == 1 && !tests.getFirst().namespace.isEmpty()) {
      Test only = tests.getFirst();
      YangNode child = only.attributes ? null : node.child(only.namespace, only.name);
      NormalizedNode present = child == null ? null : writer.find(data, child, path);
      if (present != null) {
        selected(writer, tests, child, present, namespace, path);
      }
      return;
    }
    for (YangNode child : node.children()) {
      List<Test> matching = matching(tests, child);
      if (!matching.isEmpty()) {
        NormalizedNode present = writer.find(data, child, path);
        if (present != null) {
          selected(writer, matching, child, present, namespace, path);
        }
      }
    }
  }

  private static List<Test> matching(List<Test> tests, YangNode child) {
    List<Test> matching = List.of();
    for (Test test : tests) {
      if (test.matches(child)) {
        if (matching.isEmpty()) {
          matching = List.of(test);
        } else {
          matching = new ArrayList<>(matching);
          matching.add(test);
        }
      }
    }
    return matching;
  }

  private static void selected(DataWriter writer, List<Test> tests, YangNode child, NormalizedNode present,
      String namespace,
      DataPath path) {
    if (present instanceof MapNode list && lookUp(writer, tests, child, list, namespace, path)) {
      return;
    }
    for (NormalizedNode each : DataWriter.instances(present)) {
      entry(writer, tests, child, each, namespace, path);
    }
  }

  /** Tests that all give all keys look their entries up instead of walking the list; false if they do not. */
  private static boolean lookUp(DataWriter writer, List<Test> tests, YangNode node, MapNode list, String namespace,
      DataPath path) {
    if (tests.size() == 1) {
      NodeIdentifierWithPredicates key = key(tests.getFirst(), node);
      var entry = key == null ? null : list.childByArg(key);
      if (entry != null) {
        entry(writer, tests, node, entry, namespace, path);
      }
      return key != null;
    }
    if (node.userOrdered()) {
      return false; // the order of the tests need not be that of the entries
    }
    Map<NodeIdentifierWithPredicates, List<Test>> wanted = LinkedHashMap.newLinkedHashMap(tests.size());
    for (Test test : tests) {
      NodeIdentifierWithPredicates key = key(test, node);
      if (key == null) {
        return false;
      }
      wanted.computeIfAbsent(key, k -> new ArrayList<>(1)).add(test);
    }
    wanted.forEach((key, same) -> {
      var entry = list.childByArg(key);
      if (entry != null) {
        entry(writer, same, node, entry, namespace, path);
      }
    });
    return true;
  }

  private static NodeIdentifierWithPredicates key(Test test, YangNode list) {
    YangNode[] keys = list.keys();
    if (keys.length == 0 || test.children.isEmpty()) {
      return null;
    }
    var values = new LinkedHashMap<QName, Object>(keys.length * 2);
    for (YangNode key : keys) {
      for (Test each : test.children) {
        if (each.isContent() && each.matches(key)) {
          try {
            if (values.put(key.name, key.parse(each.context, each.text)) != null) {
              return null;
            }
          } catch (IllegalArgumentException e) {
            return null; // no such value: the walk finds nothing
          }
        }
      }
    }
    return values.size() == keys.length ? NodeIdentifierWithPredicates.of(list.name, values) : null;
  }

  /** One instance against the tests that match its name: the union of what each selects. */
  private static void entry(DataWriter writer, List<Test> tests, YangNode node, NormalizedNode data, String namespace,
      DataPath path) {
    if (!(data instanceof DataContainerNode container)) {
      for (Test test : tests) {
        if (test.children.isEmpty() && (!test.isContent() || equal(test, node, data))) {
          writer.instance(node, data, data.name(), namespace, path);
          return;
        }
      }
      return;
    }
    DataPath here = writer.step(path, node, data.name());
    if (DataWriter.hidden(here)) {
      return;
    }
    List<Test> inner = List.of();
    boolean shared = true; // inner is a list of one of the tests and not ours to change
    boolean whole = false;
    boolean any = false;
    for (Test test : tests) {
      if (test.isContent() || !contentMatches(writer, test, node, container, here)) {
        continue;
      }
      any = true;
      List<Test> wanted = test.children;
      boolean onlyContent = true;
      for (Test each : wanted) {
        onlyContent &= each.isContent();
      }
      whole |= onlyContent;
      if (inner.isEmpty()) {
        inner = wanted;
      } else {
        inner = shared ? new ArrayList<>(inner) : inner;
        shared = false;
        inner.addAll(wanted);
      }
    }
    if (!any) {
      return;
    }
    if (whole) {
      writer.instance(node, data, data.name(), namespace, path);
      return;
    }
    XmlOut out = writer.out();
    int start = out.length();
    String outer = writer.origin();
    writer.open(node, data, namespace, here);
    int tag = out.length();
    out.raw('>');
    int mark = out.length();
    List<Test> all = inner;
    if (node.keys().length > 0) {
      // RFC 6241 section 6.2.5 allows the keys to be added: without them a client cannot tell entries apart.
      int before = out.length();
      keysThenSelection(writer, all, node, container, here, before);
    } else {
      select(writer, all, node, container, node.namespace(), here);
    }
    boolean nothing = out.length() == mark;
    writer.close(node.localName(), tag, mark, outer);
    if (nothing) {
      out.truncate(start);
    }
  }

  private static void keysThenSelection(DataWriter writer, List<Test> tests, YangNode node, DataContainerNode container,
      DataPath here, int mark) {
    XmlOut out = writer.out();
    for (YangNode key : node.keys()) {
      NormalizedNode value = YangNode.find(container, key);
      if (value != null) {
        writer.key(key, value, node.namespace(), here);
      }
    }
    int keysEnd = out.length();
    boolean keyWanted = false;
    for (YangNode child : node.children()) {
      List<Test> matching = matching(tests, child);
      if (matching.isEmpty()) {
        continue;
      }
      if (child.isKey()) {
        keyWanted |= writer.wants(child);
        continue;
      }
      NormalizedNode present = writer.find(container, child, here);
      if (present != null) {
        selected(writer, matching, child, present, node.namespace(), here);
      }
    }
    if (out.length() == keysEnd && !keyWanted) {
      out.truncate(mark);
    }
  }

  private static boolean contentMatches(DataWriter writer, Test test, YangNode node, DataContainerNode data,
      DataPath here) {
    for (Test each : test.children) {
      if (!each.isContent()) {
        continue;
      }
      boolean found = false;
      for (YangNode child : node.children()) {
        // What may not be read may not be guessed at either.
        if (child.isLeaf() && each.matches(child) && !DataWriter.hidden(writer.step(here, child, child.id))) {
          NormalizedNode present = writer.find(data, child, here);
          if (present != null) {
            for (NormalizedNode value : DataWriter.instances(present)) {
              found |= equal(each, child, value);
            }
          }
        }
      }
      if (!found) {
        return false;
      }
    }
    return true;
  }

  private static boolean equal(Test test, YangNode leaf, NormalizedNode data) {
    Object value = data.body();
    if (value instanceof String text) {
      return text.equals(test.text) || text.strip().equals(test.text);
    }
    if (Values.text(leaf.schema(), value).equals(test.text)) {
      return true;
    }
    try {
      return value.equals(leaf.parse(test.context, test.text)); // another lexical form, or other prefixes
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
