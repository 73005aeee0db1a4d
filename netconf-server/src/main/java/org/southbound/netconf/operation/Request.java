// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.opendaylight.yangtools.yang.common.QName;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.Later;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.datastore.Datastores.Name;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.xml.Filter;
import org.southbound.netconf.xml.SubtreeFilter;
import org.southbound.netconf.xml.WithDefaults;
import org.southbound.netconf.xml.XPathFilter;
import org.southbound.netconf.xml.XmlIn;

/** One operation as a client asks for it: its parameters, read one after the other. */
final class Request {
  private static final String WITH_DEFAULTS = "urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults";

  private final Context context;
  private final Session session;
  private final XmlIn in;
  private final String namespace;
  private final boolean mayWait;
  private Set<String> repeatable = Set.of();
  private final List<String> seen = new ArrayList<>(4);

  /** A request whose operation is the element at which {@code in} stands. */
  Request(Context context, Session session, XmlIn in, boolean mayWait) {
    this.mayWait = mayWait;
    this.context = context;
    this.session = session;
    this.in = in;
    this.namespace = in.namespace();
  }

  Context context() {
    return context;
  }

  /**
   * What urls name, for a user who may execute delete-config, which is denied by default: files and other servers are not under
   * the rules for data, so whoever may use them must be trusted with them.
   */
  Urls urls() throws NetconfException {
    try {
      context.access().execute(session.user(), context.schema().rpc(Schema.NETCONF, "delete-config"));
    } catch (NetconfException e) {
      throw NetconfException.of(ErrorTag.ACCESS_DENIED, "A url takes the right to execute delete-config.")
          .info("bad-element", "url");
    }
    if (!mayWait) {
      throw new Later();
    }
    return context.urls();
  }

  /** False on a thread that other sessions need as well. */
  boolean mayWait() {
    return mayWait;
  }

  Session session() {
    return session;
  }

  XmlIn in() {
    return in;
  }

  /** Names the parameters that are leaf-lists. */
  void mayRepeat(String... parameters) {
    repeatable = Set.of(parameters);
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
    if (seen.contains(in.name()) && !repeatable.contains(in.name())) {
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
    // ncclient's users give config without a namespace, and itself it gives a subscription's filter in that of NETCONF.
    boolean borrowed = in.name().equals("filter") && in.namespace().equals(Schema.NETCONF);
    if (!in.namespace().equals(namespace) && !in.namespace().isEmpty() && !borrowed && !augmented()) {
      throw NetconfException
          .of(ErrorTag.UNKNOWN_NAMESPACE, "Element " + in.name() + " is not of namespace " + namespace + ".")
          .info("bad-element", in.name()).info("bad-namespace", in.namespace());
    }
    return true;
  }

  /** Parameters that other modules add to NETCONF's operations (RFC 6243, RFC 8526). */
  private boolean augmented() {
    return switch (in.name()) {
      case "with-defaults" -> in.namespace().equals(WITH_DEFAULTS);
      case "datastore" -> in.namespace().equals(Datastore.NMDA);
      default -> false;
    };
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
    if (in.child()) {
      throw in.unknown();
    }
    return name;
  }

  /** The datastore that the present element, which is read to its end, names. */
  Name named() throws NetconfException {
    if (in.namespace().equals(Datastore.NMDA)) {
      Name name = datastoreIdentity().name6241();
      if (name == null) {
        throw invalid("datastore");
      }
      return name;
    }
    Name name = switch (in.name()) {
      case "running" -> Name.RUNNING;
      case "candidate" -> Name.CANDIDATE;
      case "startup" -> Name.STARTUP;
      default -> throw in.unknown();
    };
    in.skip();
    return name;
  }

  /** The datastore that the present element holds as an identity. */
  Datastore datastoreIdentity() throws NetconfException {
    QName identity = identity();
    Datastore datastore = identity == null || !identity.getNamespace().toString().equals(Datastore.NAMESPACE) ? null
        : Datastore.of(identity.getLocalName());
    if (datastore == null || !datastore.exists()) {
      throw invalid("datastore");
    }
    return datastore;
  }

  /**
   * The identity that the present element holds, or null if there is none such. Without a prefix it is one of the default
   * namespace, or of the element's own module: some clients, such as ncclient, have no default namespace of use.
   */
  QName identity() throws NetconfException {
    String own = in.namespace();
    String text = in.text().strip();
    int colon = text.indexOf(':');
    String uri = in.namespaces().getNamespaceURI(colon < 0 ? "" : text.substring(0, colon));
    QName found = uri == null ? null : context.schema().identity(uri, text.substring(colon + 1));
    return found == null && colon < 0 ? context.schema().identity(own, text) : found;
  }

  /** The mode that the present element, with-defaults, holds. */
  WithDefaults withDefaults() throws NetconfException {
    WithDefaults mode = WithDefaults.of(in.text().strip());
    if (mode == null) {
      throw invalid("with-defaults");
    }
    return mode;
  }

  /** A parameter's value is none of those it may have. */
  static NetconfException invalid(String parameter) {
    return NetconfException.of(ErrorTag.INVALID_VALUE, "Not a value of " + parameter + ".").type("protocol")
        .info("bad-element", parameter);
  }

  /** Two parameters of one choice. */
  static NetconfException both(String one, String other) {
    return NetconfException.of(ErrorTag.BAD_ELEMENT, one + " and " + other + " exclude each other.")
        .info("bad-element", other);
  }

  /**
   * The filter that the present element is (RFC 6241 sections 6 and 8.9).
   *
   * @throws Later if it may take long on a thread that others need
   */
  Filter filter() throws NetconfException {
    String type = filterAttribute("type");
    Filter filter;
    if (type == null || type.equals("subtree")) {
      filter = subtree();
    } else if (type.equals("xpath")) {
      String select = filterAttribute("select");
      if (select == null) {
        throw NetconfException.of(ErrorTag.MISSING_ATTRIBUTE, "A filter of type xpath needs the attribute select.")
            .info("bad-attribute", "select").info("bad-element", "filter");
      }
      filter = XPathFilter.of(select, in.namespaces(), "filter");
      in.skip();
    } else {
      throw NetconfException.of(ErrorTag.BAD_ATTRIBUTE, "There is no filter of type " + type + ".")
          .info("bad-attribute", "type").info("bad-element", "filter");
    }
    return timely(filter);
  }

  /** The subtree filter that the present element holds. */
  Filter subtree() throws NetconfException {
    return SubtreeFilter.read(in);
  }

  /** The XPath filter that the text of the present element is. */
  Filter xpath() throws NetconfException {
    String name = in.name();
    return timely(XPathFilter.of(in.text().strip(), in.namespaces(), name));
  }

  /** Both attributes of filter are of no namespace; some clients give them NETCONF's. */
  private String filterAttribute(String name) {
    String value = in.attribute(null, name);
    return value == null ? in.attribute(Schema.NETCONF, name) : value;
  }

  private Filter timely(Filter filter) {
    if (!mayWait && !filter.quick()) {
      throw new Later();
    }
    return filter;
  }
}
