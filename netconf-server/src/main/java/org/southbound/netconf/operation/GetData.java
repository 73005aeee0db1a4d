// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.util.HashSet;
import java.util.Set;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.xml.Filter;
import org.southbound.netconf.xml.Origins;
import org.southbound.netconf.xml.View;
import org.southbound.netconf.xml.WithDefaults;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/**
 * get-data, RFC 8526 section 3.1.1. The intended configuration is running: there are neither templates nor inactive nodes. The
 * operational datastore is running with its defaults in use and all state; with-defaults works on it as RFC 8526 section 3.1.1.2
 * says.
 */
final class GetData implements Operation {
  @Override
  public String name() {
    return "get-data";
  }

  @Override
  public String namespace() {
    return Datastore.NMDA;
  }

  /** What a request asks for. */
  private static final class Wanted {
    Datastore datastore;
    Filter filter;
    Boolean config;
    int maxDepth = Integer.MAX_VALUE;
    boolean withOrigin;
    Set<String> origins;
    boolean negated;
    WithDefaults defaults;
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    var wanted = new Wanted();
    request.mayRepeat("origin-filter", "negated-origin-filter");
    while (request.next()) {
      parameter(request, wanted);
    }
    if (wanted.datastore == null) {
      throw XmlIn.missing("datastore");
    }
    Context context = request.context();
    ContainerNode tree;
    View view;
    if (wanted.datastore == Datastore.OPERATIONAL) {
      tree = context.operational().over(context.datastores().running(), wanted.filter, request.session());
      Origins origins = wanted.withOrigin || wanted.origins != null
          ? new Origins(context.datastores().running(), context.operational()::origin, wanted.withOrigin,
              wanted.origins,
              wanted.negated)
          : null;
      // RFC 8526 section 3.1.1.2: all values in use, unless the client wants less.
      view = new View(wanted.defaults == null ? WithDefaults.REPORT_ALL : wanted.defaults, wanted.config,
          wanted.maxDepth, origins);
    } else {
      if (wanted.withOrigin) {
        throw Request.invalid("with-origin");
      }
      if (wanted.origins != null) {
        throw XmlIn.unknown(wanted.negated ? "negated-origin-filter" : "origin-filter");
      }
      tree = wanted.datastore.tree(context.datastores());
      view = new View(wanted.defaults == null ? WithDefaults.EXPLICIT : wanted.defaults,
          wanted.config == null ? Boolean.TRUE : wanted.config, wanted.maxDepth, null);
    }
    GetConfig.data(request, tree, wanted.filter, view, Datastore.NMDA, out);
  }

  private static void parameter(Request request, Wanted wanted) throws NetconfException {
    XmlIn in = request.in();
    switch (in.name()) {
      case "datastore" -> wanted.datastore = request.datastoreIdentity();
      case "subtree-filter", "xpath-filter" -> {
        if (wanted.filter != null) {
          throw both("subtree-filter and xpath-filter", in.name());
        }
        wanted.filter = in.name().equals("subtree-filter") ? request.subtree() : request.xpath();
      }
      case "config-filter" -> wanted.config = switch (in.text().strip()) {
        case "true" -> true;
        case "false" -> false;
        default -> throw Request.invalid("config-filter");
      };
      case "origin-filter", "negated-origin-filter" -> {
        boolean negated = in.name().startsWith("negated");
        if (wanted.origins != null && negated != wanted.negated) {
          throw both("origin-filter and negated-origin-filter", in.name());
        }
        wanted.origins = wanted.origins == null ? new HashSet<>() : wanted.origins;
        wanted.negated = negated;
        wanted.origins.add(origin(request, in.name()));
      }
      case "max-depth" -> wanted.maxDepth = depth(in.text().strip());
      case "with-origin" -> {
        if (!in.text().isEmpty()) {
          throw Request.invalid("with-origin");
        }
        wanted.withOrigin = true;
      }
      case "with-defaults" -> wanted.defaults = request.withDefaults();
      default -> throw in.unknown();
    }
  }

  private static NetconfException both(String what, String element) {
    return NetconfException.of(ErrorTag.BAD_ELEMENT, "Only one of " + what + " may be given.")
        .info("bad-element", element);
  }

  private static int depth(String text) throws NetconfException {
    try {
      int depth = text.equals("unbounded") ? Integer.MAX_VALUE : Integer.parseInt(text);
      if (depth >= 1 && (depth <= 65535 || depth == Integer.MAX_VALUE)) {
        return depth;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw Request.invalid("max-depth");
  }

  private static String origin(Request request, String parameter) throws NetconfException {
    Schema schema = request.context().schema();
    QName identity = request.identity();
    QName any = schema.identity(Origins.NAMESPACE, Origins.ANY);
    if (identity == null || !(identity.equals(any) || schema.basesOf(identity).contains(any))) {
      throw Request.invalid(parameter);
    }
    return identity.getLocalName();
  }
}
