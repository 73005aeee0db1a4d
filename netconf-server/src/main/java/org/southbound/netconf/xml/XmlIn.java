// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.xml;

import com.ctc.wstx.api.WstxInputProperties;
import com.ctc.wstx.stax.WstxInputFactory;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import javax.xml.namespace.NamespaceContext;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;

/**
 * A cursor over the elements of one message. Anything that is not well-formed, holds a DTD or goes beyond a limit becomes the
 * rpc-error malformed-message or too-big: no text of the parser reaches a client.
 */
public final class XmlIn {
  private static final int MAX_DEPTH = 256;
  private static final int MAX_ATTRIBUTES = 64;
  private static final WstxInputFactory FACTORY = factory();

  private final XMLStreamReader reader;

  private static WstxInputFactory factory() {
    var factory = new WstxInputFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_COALESCING, true);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setProperty(WstxInputProperties.P_MAX_ELEMENT_DEPTH, MAX_DEPTH);
    factory.setProperty(WstxInputProperties.P_MAX_ATTRIBUTES_PER_ELEMENT, MAX_ATTRIBUTES);
    return factory;
  }

  private XmlIn(XMLStreamReader reader) {
    this.reader = reader;
  }

  /** Opens a message and stands at its outermost element. */
  public static XmlIn open(byte[] message, int offset, int length) throws NetconfException {
    try {
      var in = new XmlIn(FACTORY.createXMLStreamReader(new ByteArrayInputStream(message, offset, length), "UTF-8"));
      String encoding = in.reader.getCharacterEncodingScheme();
      if (encoding != null && !encoding.equalsIgnoreCase("UTF-8") && !encoding.equalsIgnoreCase("US-ASCII")) {
        throw malformed();
      }
      in.nextTag();
      return in;
    } catch (XMLStreamException e) {
      throw malformed();
    }
  }

  /** The message cannot be understood. */
  public static NetconfException malformed() {
    return NetconfException.of(ErrorTag.MALFORMED_MESSAGE,
        "The message is not well-formed XML in UTF-8 without a DTD, or an element is deeper than " + MAX_DEPTH
            + " or has more than " + MAX_ATTRIBUTES + " attributes.");
  }

  private int next() throws NetconfException {
    try {
      int event = reader.next();
      if (event == XMLStreamConstants.DTD || event == XMLStreamConstants.ENTITY_REFERENCE) {
        throw malformed();
      }
      return event;
    } catch (XMLStreamException | RuntimeException e) { // Woodstox wraps errors met while it reads lazily
      throw malformed();
    }
  }

  /** Goes to the next start or end tag; text between is refused. */
  private boolean nextTag() throws NetconfException {
    while (true) {
      switch (next()) {
        case XMLStreamConstants.START_ELEMENT -> {
          return true;
        }
        case XMLStreamConstants.END_ELEMENT, XMLStreamConstants.END_DOCUMENT -> {
          return false;
        }
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA -> {
          if (!isWhiteSpace()) {
            throw NetconfException.of(ErrorTag.MALFORMED_MESSAGE, "Text where only elements may be.").type("rpc");
          }
        }
        default -> {
        }
      }
    }
  }

  private boolean isWhiteSpace() throws NetconfException {
    try {
      return reader.isWhiteSpace();
    } catch (RuntimeException e) {
      throw malformed();
    }
  }

  /** Goes to the next child element of the present one; false, past its end tag, if there is none. */
  public boolean child() throws NetconfException {
    return nextTag();
  }

  public String name() {
    return reader.getLocalName();
  }

  /** The element's namespace, empty if it has none. */
  public String namespace() {
    String namespace = reader.getNamespaceURI();
    return namespace == null ? "" : namespace;
  }

  public NamespaceContext namespaces() {
    return reader.getNamespaceContext();
  }

  /** Value of an attribute, or null; a null namespace means none. */
  public String attribute(String namespace, String name) {
    int n = reader.getAttributeCount();
    for (int i = 0; i < n; i++) {
      String uri = reader.getAttributeNamespace(i);
      boolean same = namespace == null ? uri == null || uri.isEmpty() : namespace.equals(uri);
      if (same && reader.getAttributeLocalName(i).equals(name)) {
        return reader.getAttributeValue(i);
      }
    }
    return null;
  }

  public int attributes() {
    return reader.getAttributeCount();
  }

  public String attributeNamespace(int index) {
    String uri = reader.getAttributeNamespace(index);
    return uri == null ? "" : uri;
  }

  public String attributeName(int index) {
    return reader.getAttributeLocalName(index);
  }

  /** Writes the present element's attributes and namespace declarations, for a reply to carry back. */
  public void copyAttributes(XmlOut out) {
    for (int i = 0; i < reader.getNamespaceCount(); i++) {
      String prefix = reader.getNamespacePrefix(i);
      if (prefix != null && !prefix.isEmpty()) {
        out.attribute("xmlns:" + prefix, reader.getNamespaceURI(i));
      }
    }
    for (int i = 0; i < reader.getAttributeCount(); i++) {
      String prefix = reader.getAttributePrefix(i);
      String name = reader.getAttributeLocalName(i);
      out.attribute(prefix == null || prefix.isEmpty() ? name : prefix + ":" + name, reader.getAttributeValue(i));
    }
  }

  /** The text of an element that holds nothing else; ends past its end tag. */
  public String text() throws NetconfException {
    String only = null;
    StringBuilder several = null;
    while (true) {
      switch (next()) {
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA -> {
          String piece = chars();
          if (only == null) {
            only = piece;
          } else {
            several = several == null ? new StringBuilder(only) : several;
            several.append(piece);
          }
        }
        case XMLStreamConstants.START_ELEMENT -> throw NetconfException
            .of(ErrorTag.UNKNOWN_ELEMENT, "Element " + name() + " where only text may be.").info("bad-element", name());
        case XMLStreamConstants.END_ELEMENT -> {
          return several != null ? several.toString() : only == null ? "" : only;
        }
        default -> {
        }
      }
    }
  }

  private String chars() throws NetconfException {
    try {
      return reader.getText();
    } catch (RuntimeException e) {
      throw malformed();
    }
  }

  /** Skips the rest of the present element. */
  public void skip() throws NetconfException {
    for (int depth = 1; depth > 0;) {
      switch (next()) {
        case XMLStreamConstants.START_ELEMENT -> depth++;
        case XMLStreamConstants.END_ELEMENT -> depth--;
        default -> {
        }
      }
    }
  }

  /** Reads to the end of the message, so that what follows the last element is checked too. */
  public void end() throws NetconfException {
    while (true) {
      if (next() == XMLStreamConstants.END_DOCUMENT) {
        return;
      }
    }
  }

  /** Text and child elements of the present element, as they come; each child is to be read to its end by the visitor. */
  public interface Content {
    void element() throws NetconfException;
  }

  /** Visits the children of an element that may hold text as well; returns the text. */
  public String mixed(Content children) throws NetconfException {
    StringBuilder text = null;
    while (true) {
      switch (next()) {
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA -> {
          text = text == null ? new StringBuilder() : text;
          text.append(chars());
        }
        case XMLStreamConstants.START_ELEMENT -> children.element();
        case XMLStreamConstants.END_ELEMENT -> {
          return text == null ? "" : text.toString();
        }
        default -> {
        }
      }
    }
  }

  /** The content of the present element as XML that stands by itself, for anyxml and anydata. */
  public String fragment() throws NetconfException {
    var out = new XmlOut(128);
    content(out, new ArrayList<>());
    return out.toString();
  }

  private void content(XmlOut out, List<String> open) throws NetconfException {
    String text = mixedTo(out, open);
    if (!text.isBlank()) {
      out.text(text);
    }
  }

  private String mixedTo(XmlOut out, List<String> open) throws NetconfException {
    String outer = open.isEmpty() ? null : open.getLast();
    return mixed(() -> {
      String name = name();
      String namespace = namespace();
      out.raw('<').text(name);
      if (!namespace.equals(outer)) {
        out.attribute("xmlns", namespace);
      }
      for (int i = 0; i < reader.getAttributeCount(); i++) {
        String prefix = reader.getAttributePrefix(i);
        if (prefix != null && !prefix.isEmpty()) {
          if (isFirst(prefix, i)) { // a declaration may be there once
            out.attribute("xmlns:" + prefix, reader.getAttributeNamespace(i));
          }
          out.attribute(prefix + ":" + reader.getAttributeLocalName(i), reader.getAttributeValue(i));
        } else {
          out.attribute(reader.getAttributeLocalName(i), reader.getAttributeValue(i));
        }
      }
      out.raw('>');
      open.add(namespace);
      content(out, open);
      open.removeLast();
      out.raw("</").text(name).raw('>');
    });
  }

  private boolean isFirst(String prefix, int attribute) {
    for (int i = 0; i < attribute; i++) {
      if (prefix.equals(reader.getAttributePrefix(i))) {
        return false;
      }
    }
    return true;
  }

  /** An element that the place does not know. */
  public NetconfException unknown() {
    return unknown(name());
  }

  /** An element of that name that the place does not know. */
  public static NetconfException unknown(String name) {
    return NetconfException.of(ErrorTag.UNKNOWN_ELEMENT, "Element " + name + " is not known here.").info("bad-element",
        name);
  }

  /** A parameter that must be there. */
  public static NetconfException missing(String name) {
    return NetconfException.of(ErrorTag.MISSING_ELEMENT, "Element " + name + " is missing.").info("bad-element", name);
  }
}
