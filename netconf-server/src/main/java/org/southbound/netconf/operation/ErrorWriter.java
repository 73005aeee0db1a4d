// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.xml.XmlOut;

/** Writes an rpc-error (RFC 6241 section 4.3). */
final class ErrorWriter {
  private static final Pattern LITERAL = Pattern.compile("'[^']*'|\"[^\"]*\"");
  private static final Pattern PREFIX = Pattern.compile("[/\\[]([A-Za-z_][\\w.-]*):");

  private ErrorWriter() {
  }

  static void write(Schema schema, XmlOut out, NetconfException e) {
    out.raw("<rpc-error>").element("error-type", e.type()).element("error-tag", e.tag().text())
        .element("error-severity", "error");
    if (e.appTag() != null) {
      out.element("error-app-tag", e.appTag());
    }
    if (e.path() != null && !e.path().isEmpty()) {
      path(schema, out, "error-path", e.path());
    }
    out.raw("<error-message xml:lang=\"en\">").text(e.getMessage()).raw("</error-message>");
    if (!e.info().isEmpty()) {
      out.raw("<error-info>");
      for (NetconfException.ErrorInfo each : e.info()) {
        if (each.name().equals("non-unique")) {
          path(schema, out, "non-unique xmlns=\"" + each.namespace() + "\"", each.text());
          continue;
        }
        out.raw('<').raw(each.name());
        if (each.namespace() != null) {
          out.attribute("xmlns", each.namespace());
        }
        out.raw('>');
        if (each.xml()) {
          out.raw(each.text().getBytes(StandardCharsets.UTF_8));
        } else {
          out.text(each.text());
        }
        out.raw("</").raw(each.name()).raw('>');
      }
      out.raw("</error-info>");
    }
    out.raw("</rpc-error>");
  }

  /** An instance-identifier whose prefixes are module names, with the namespaces they stand for. */
  static void path(Schema schema, XmlOut out, String element, String path) {
    out.raw('<').raw(element);
    Set<String> prefixes = new LinkedHashSet<>();
    Matcher match = PREFIX.matcher(LITERAL.matcher(path).replaceAll("''"));
    while (match.find()) {
      prefixes.add(match.group(1));
    }
    for (String each : prefixes) {
      String namespace = schema.namespace(each);
      if (namespace != null) {
        out.attribute("xmlns:" + each, namespace);
      }
    }
    int space = element.indexOf(' ');
    out.raw('>').text(path).raw("</").raw(space < 0 ? element : element.substring(0, space)).raw('>');
  }
}
