// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.util.ArrayList;
import java.util.List;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.datastore.Datastores.Name;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.xml.SubtreeFilter;
import org.southbound.netconf.xml.XmlIn;

/** One operation as a client asks for it: its parameters, read one after the other. */
final class Request {
  private final Context context;
  private final Session session;
  private final XmlIn in;
  private final String namespace;
  private final List<String> seen = new ArrayList<>(4);

  /** A request whose operation is the element at which {@code in} stands. */
  Request(Context context, Session session, XmlIn in) {
    this.context = context;
    this.session = session;
    this.in = in;
    this.namespace = in.namespace();
  }

  Context context() {
    return context;
  }

  Session session() {
    return session;
  }

  XmlIn in() {
    return in;
  }

  Datastores.Writer writer() {
    return new Datastores.Writer(session.id(), session.user());
  }

  /**
   * Goes to the next parameter of the operation, each of which may be there once. False if there is none: the whole message is
   * read by then, so nothing is done for one that is not well-formed.
   */
  boolean next() throws NetconfException {
    if (!child()) {
      end();
      return false;
    }
    if (seen.contains(in.name())) {
      throw NetconfException.of(ErrorTag.BAD_ELEMENT, in.name() + " is given twice.").info("bad-element", in.name());
    }
    seen.add(in.name());
    return true;
  }

  /** Goes to the next child of a parameter; false, past its end tag, if there is none. */
  boolean child() throws NetconfException {
    if (!in.child()) {
      return false;
    }
    // ncclient's users give config without a namespace.
    if (!in.namespace().equals(namespace) && !in.namespace().isEmpty()) {
      throw NetconfException
          .of(ErrorTag.UNKNOWN_NAMESPACE, "Element " + in.name() + " is not of namespace " + namespace + ".")
          .info("bad-element", in.name()).info("bad-namespace", in.namespace());
    }
    return true;
  }

  /** Past the operation: the message may hold nothing more. */
  void end() throws NetconfException {
    if (in.child()) {
      throw NetconfException.of(ErrorTag.BAD_ELEMENT, "An rpc holds one operation.").type("rpc")
          .info("bad-element", in.name());
    }
    in.end();
  }

  /** For an operation without parameters. */
  void none() throws NetconfException {
    if (next()) {
      throw in.unknown();
    }
  }

  /** The datastore named by the one child of the present element: source or target. */
  Name datastore() throws NetconfException {
    String parameter = in.name();
    if (!child()) {
      throw XmlIn.missing(parameter);
    }
    Name name = named();
    in.skip();
    if (in.child()) {
      throw in.unknown();
    }
    return name;
  }

  /** The datastore that the present element names. */
  Name named() throws NetconfException {
    return switch (in.name()) {
      case "running" -> Name.RUNNING;
      case "candidate" -> Name.CANDIDATE;
      case "startup", "url" -> throw NetconfException
          .of(ErrorTag.OPERATION_NOT_SUPPORTED, "There is no datastore " + in.name() + " here.")
          .info("bad-element", in.name());
      default -> throw in.unknown();
    };
  }

  /** The filter that the present element is. */
  SubtreeFilter filter() throws NetconfException {
    String type = in.attribute(null, "type");
    type = type == null ? in.attribute(Schema.NETCONF, "type") : type;
    if (type != null && !type.equals("subtree")) {
      throw NetconfException.of(ErrorTag.BAD_ATTRIBUTE, "A filter of type " + type + " is not supported.")
          .info("bad-attribute", "type").info("bad-element", "filter");
    }
    return SubtreeFilter.read(in);
  }
}
