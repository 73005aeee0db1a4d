// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xpath;

import java.util.Iterator;
import java.util.List;
import org.jaxen.DefaultNavigator;
import org.jaxen.JaxenConstants;
import org.jaxen.NamedAccessNavigator;
import org.jaxen.XPath;
import org.jaxen.util.SingleObjectIterator;

/** How Jaxen walks {@link DataNode}s: the root is the document, all else are elements; there are no attributes. */
final class TreeNavigator extends DefaultNavigator implements NamedAccessNavigator {
  private static final long serialVersionUID = 1L;
  static final TreeNavigator INSTANCE = new TreeNavigator();

  private TreeNavigator() {
  }

  private static DataNode node(Object node) {
    return (DataNode) node;
  }

  /** The text of a leaf, a node of its own in XML. */
  private record Text(DataNode leaf) {
  }

  private static void spend(DataNode node, int work) {
    if (node.viewer != null) {
      node.viewer.spend(work);
    }
  }

  @Override
  public Iterator<?> getChildAxisIterator(Object context) {
    if (!(context instanceof DataNode node)) {
      return JaxenConstants.EMPTY_ITERATOR;
    }
    if (node.schema.isLeaf()) {
      return new SingleObjectIterator(new Text(node));
    }
    if (node.schema.isTerminal()) {
      return JaxenConstants.EMPTY_ITERATOR;
    }
    List<DataNode> all = node.all();
    spend(node, all.size());
    return all.iterator();
  }

  @Override
  public Iterator<?> getChildAxisIterator(Object context, String localName, String prefix, String namespace) {
    if (!(context instanceof DataNode node)) {
      return JaxenConstants.EMPTY_ITERATOR;
    }
    List<DataNode> named = node.named(namespace, localName);
    spend(node, named.size() + 1);
    return named.isEmpty() ? JaxenConstants.EMPTY_ITERATOR : named.iterator();
  }

  @Override
  public Iterator<?> getAttributeAxisIterator(Object context, String localName, String prefix, String namespace) {
    return JaxenConstants.EMPTY_ITERATOR;
  }

  @Override
  public Iterator<?> getAttributeAxisIterator(Object context) {
    return JaxenConstants.EMPTY_ITERATOR;
  }

  @Override
  public Iterator<?> getNamespaceAxisIterator(Object context) {
    return JaxenConstants.EMPTY_ITERATOR;
  }

  @Override
  public Iterator<?> getParentAxisIterator(Object context) {
    Object parent = getParentNode(context);
    return parent == null ? JaxenConstants.EMPTY_ITERATOR : new SingleObjectIterator(parent);
  }

  @Override
  public Object getParentNode(Object context) {
    if (!(context instanceof DataNode node)) {
      return ((Text) context).leaf;
    }
    spend(node, 1);
    return node.parent;
  }

  @Override
  public Object getDocumentNode(Object context) {
    return context instanceof Text text ? text.leaf.top() : node(context).top();
  }

  @Override
  public boolean isDocument(Object object) {
    return object instanceof DataNode node && node.parent == null;
  }

  @Override
  public boolean isElement(Object object) {
    return object instanceof DataNode node && node.parent != null;
  }

  @Override
  public boolean isText(Object object) {
    return object instanceof Text;
  }

  @Override
  public boolean isAttribute(Object object) {
    return false;
  }

  @Override
  public boolean isNamespace(Object object) {
    return false;
  }

  @Override
  public boolean isComment(Object object) {
    return false;
  }

  @Override
  public boolean isProcessingInstruction(Object object) {
    return false;
  }

  @Override
  public String getElementNamespaceUri(Object element) {
    return node(element).schema.namespace();
  }

  @Override
  public String getElementName(Object element) {
    return node(element).schema.localName();
  }

  @Override
  public String getElementQName(Object element) {
    return node(element).schema.localName();
  }

  @Override
  public String getElementStringValue(Object element) {
    return node(element).text();
  }

  @Override
  public String getTextStringValue(Object text) {
    return ((Text) text).leaf.text();
  }

  @Override
  public String getAttributeNamespaceUri(Object attribute) {
    return "";
  }

  @Override
  public String getAttributeName(Object attribute) {
    return "";
  }

  @Override
  public String getAttributeQName(Object attribute) {
    return "";
  }

  @Override
  public String getAttributeStringValue(Object attribute) {
    return "";
  }

  @Override
  public String getCommentStringValue(Object comment) {
    return "";
  }

  @Override
  public String getNamespacePrefix(Object namespace) {
    return "";
  }

  @Override
  public String getNamespaceStringValue(Object namespace) {
    return "";
  }

  @Override
  public XPath parseXPath(String xpath) {
    throw new UnsupportedOperationException("expressions are compiled by Expression");
  }
}
