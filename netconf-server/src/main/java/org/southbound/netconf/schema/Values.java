// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import java.util.Base64;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.opendaylight.yangtools.yang.common.Empty;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.common.QNameModule;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeWithValue;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.PathArgument;

/** Leaf values as text. */
public final class Values {
  private Values() {
  }

  /** The lexical form; names carry the prefix of their module. */
  public static String text(Schema schema, Object value) {
    return text(schema, value, Values::ignore);
  }

  /** The lexical form; {@code declare} hears each prefix that it uses and the namespace it stands for. */
  public static String text(Schema schema, Object value, BiConsumer<String, String> declare) {
    return switch (value) {
      case String s -> s;
      case Empty e -> "";
      case QName name -> prefix(schema, name.getModule(), declare) + ":" + name.getLocalName();
      case Set<?> bits -> bits(bits);
      case byte[] octets -> Base64.getEncoder().encodeToString(octets);
      case YangInstanceIdentifier path -> {
        var declared = new HashSet<String>();
        yield path(schema, path, (prefix, uri) -> {
          if (declared.add(prefix)) { // an attribute may be there once
            declare.accept(prefix, uri);
          }
        });
      }
      default -> value.toString();
    };
  }

  private static void ignore(String prefix, String namespace) {
    // the caller does not need to know
  }

  private static String bits(Set<?> bits) {
    if (bits.isEmpty()) {
      return "";
    }
    var out = new StringBuilder();
    for (Object bit : bits) {
      out.append(out.isEmpty() ? "" : " ").append(bit);
    }
    return out.toString();
  }

  private static String prefix(Schema schema, QNameModule module, BiConsumer<String, String> declare) {
    String prefix = schema.prefix(module);
    declare.accept(prefix, module.namespace().toString());
    return prefix;
  }

  private static String quoted(String text) {
    char mark = text.indexOf('\'') < 0 ? '\'' : '"';
    return mark + text + mark;
  }

  private static String path(Schema schema, YangInstanceIdentifier path, BiConsumer<String, String> declare) {
    var out = new StringBuilder();
    YangNode at = schema.root();
    for (PathArgument step : path.getPathArguments()) {
      QName name = step.getNodeType();
      YangNode next = at.child(name.getNamespace().toString(), name.getLocalName());
      if (next == null) {
        continue; // a choice
      }
      boolean entry = step instanceof NodeIdentifierWithPredicates || step instanceof NodeWithValue<?>;
      if (!entry) { // an entry follows its list, which has given the name
        out.append('/').append(prefix(schema, name.getModule(), declare)).append(':').append(name.getLocalName());
      }
      if (step instanceof NodeIdentifierWithPredicates keys) {
        for (Map.Entry<QName, Object> key : keys.entrySet()) {
          if (next.keys().length == 0) { // a position, see InstancePath
            out.append('[').append(key.getValue()).append(']');
            continue;
          }
          out.append('[').append(prefix(schema, name.getModule(), declare)).append(':')
              .append(key.getKey().getLocalName()).append('=').append(quoted(text(schema, key.getValue(), declare)))
              .append(']');
        }
        at = next;
      } else if (step instanceof NodeWithValue<?> value) {
        out.append("[.=").append(quoted(text(schema, value.getValue(), declare))).append(']');
      } else if (next.kind != YangNode.Kind.LIST && next.kind != YangNode.Kind.LEAF_LIST) {
        at = next;
      }
    }
    return out.toString();
  }
}
