// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xml;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import javax.xml.namespace.NamespaceContext;
import org.jaxen.JaxenException;
import org.jaxen.XPathSyntaxException;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.NormalizedNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.XPathText;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xpath.DataNode;
import org.southbound.netconf.xpath.Expression;
import org.southbound.netconf.xpath.Reach;
import org.southbound.netconf.xpath.Viewer;

/**
 * An XPath filter (RFC 6241 section 8.9): the nodes selected with all below them, their ancestors and the keys of the list entries
 * on the way, each once. The expression is evaluated over what the user may read and nothing else, so that its result tells no
 * more than reading would. Names without a prefix mean nodes of any namespace.
 */
public final class XPathFilter implements Filter {
  private static final int MAX_LENGTH = 16 * 1024;

  private final Expression expression;
  private final Reach reach;
  private final String element;

  private XPathFilter(Expression expression, String element) {
    this.expression = expression;
    this.reach = expression.reach();
    this.element = element;
  }

  /**
   * Compiles an expression.
   *
   * @param namespaces the prefixes in scope where it was written; only looked at now
   * @param element name of the element that holds it, for errors
   */
  public static XPathFilter of(String text, NamespaceContext namespaces, String element) throws NetconfException {
    if (text.length() > MAX_LENGTH) {
      throw invalid("The XPath expression is longer than " + MAX_LENGTH + " characters.", element);
    }
    try {
      var expression = Expression.compile(XPathText.of(text, null, prefix -> known(namespaces, prefix)));
      for (String prefix : expression.prefixes()) {
        if (known(namespaces, prefix) == null) {
          throw invalid("The prefix " + prefix + " of the XPath expression is not declared.", element);
        }
      }
      return new XPathFilter(expression, element);
    } catch (XPathSyntaxException e) {
      throw invalid("The expression is not XPath 1.0: there is a mistake near character " + (e.getPosition() + 1) + ".",
          element);
    } catch (JaxenException e) {
      throw invalid("The XPath expression uses a function or variable that does not exist.", element);
    } catch (RuntimeException | StackOverflowError e) { // what the parser throws besides
      throw invalid("The expression is not XPath 1.0.", element);
    }
  }

  private static String known(NamespaceContext namespaces, String prefix) {
    String uri = namespaces.getNamespaceURI(prefix);
    return uri == null || uri.isEmpty() ? null : uri;
  }

  private static NetconfException invalid(String message, String element) {
    return NetconfException.of(ErrorTag.INVALID_VALUE, message).type("protocol").info("bad-element", element);
  }

  @Override
  public boolean quick() {
    return reach.plain();
  }

  @Override
  public boolean mayTouch(YangNode top) {
    return reach.tops() == null || reach.tops().contains(top.localName());
  }

  private List<DataNode> nodes(DataNode top) throws NetconfException {
    try {
      return expression.nodes(top);
    } catch (JaxenException e) {
      throw invalid("The XPath expression does not select data nodes, or calls a function in a wrong way.", element);
    } catch (Viewer.Exhausted | StackOverflowError e) {
      throw NetconfException
          .of(ErrorTag.RESOURCE_DENIED,
              "Evaluating the XPath expression takes too long. Name the nodes instead of searching for them.")
          .type("protocol").appTag("xpath-too-costly").info("bad-element", element);
    }
  }

  /**
   * The nodes selected.
   *
   * @param viewer what there is to select from, and how much work it may make, with all that it is used for
   */
  public List<DataNode> select(YangNode root, DataContainerNode data, Viewer viewer) throws NetconfException {
    return nodes(DataNode.root(root, data, viewer));
  }

  private static Viewer viewer(DataWriter writer) {
    return viewer(writer.visibility());
  }

  /** Sees what that lets see; null: all. */
  public static Viewer viewer(DataWriter.Visibility visibility) {
    return new Viewer(visibility == null ? null : visibility::visible);
  }

  @Override
  public boolean passes(DataWriter scratch, DataPath holder, YangNode notification, DataContainerNode data) {
    try {
      return expression
          .tryTest(DataNode.alone(holder, notification, data, viewer(scratch)));
    } catch (JaxenException | Viewer.Exhausted | StackOverflowError e) {
      return false;
    }
  }

  @Override
  public void write(DataWriter writer, YangNode root, DataContainerNode data) throws NetconfException {
    DataNode top = DataNode.root(root, data, viewer(writer));
    var selection = new Selection(nodes(top));
    if (selection.whole.contains(top)) {
      writer.children(root, data, Schema.NETCONF, null);
    } else {
      selection.below(writer, top, Schema.NETCONF, null);
    }
  }

  /** The nodes selected and the way to them. */
  private static final class Selection {
    private final Set<DataNode> whole = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<DataNode> placed = Collections.newSetFromMap(new IdentityHashMap<>());
    private final IdentityHashMap<DataNode, List<DataNode>> kept = new IdentityHashMap<>();

    Selection(List<DataNode> selected) {
      whole.addAll(selected);
      selected.forEach(this::keep);
    }

    /** Puts a node below its parent, and that below its own, up to one that is placed already. */
    private void keep(DataNode node) {
      DataNode below = node;
      for (DataNode at = node.parent(); at != null && placed.add(below); at = at.parent()) {
        List<DataNode> known = kept.get(at);
        if (known == null) {
          known = new ArrayList<>(4);
          kept.put(at, known);
          for (YangNode key : at.schema().keys()) {
            for (DataNode leaf : at.children(key)) {
              placed.add(leaf);
              known.add(leaf);
            }
          }
        }
        if (!below.schema().isKey()) {
          known.add(below);
        }
        below = at;
      }
    }

    /** True if something was written but for the keys that come along. */
    boolean below(DataWriter writer, DataNode node, String namespace, DataPath path) {
      List<DataNode> children = kept.getOrDefault(node, new ArrayList<>());
      children.sort(Comparator.comparingInt(each -> each.schema().index())); // schema order; entries stay in theirs
      boolean any = false;
      for (DataNode each : children) {
        NormalizedNode data = writer.find(each);
        if (data == null) {
          continue;
        }
        int before = writer.out().length();
        if (each.schema().isKey()) {
          writer.key(each.schema(), data, namespace, path);
          any |= whole.contains(each) && writer.wants(each.schema());
        } else {
          instance(writer, each, data, namespace, path);
          any |= writer.out().length() > before;
        }
      }
      return any;
    }

    private void instance(DataWriter writer, DataNode node, NormalizedNode data, String namespace, DataPath path) {
      YangNode schema = node.schema();
      if (whole.contains(node)) {
        writer.instance(schema, data, data.name(), namespace, path);
        return;
      }
      DataPath here = writer.step(path, schema, data.name());
      XmlOut out = writer.out();
      int start = out.length();
      String outer = writer.origin();
      writer.open(schema, data, namespace, here);
      int tag = out.length();
      out.raw('>');
      int mark = out.length();
      boolean any = below(writer, node, schema.namespace(), here);
      writer.close(schema.localName(), tag, mark, outer);
      if (!any) {
        out.truncate(start);
      }
    }
  }
}
