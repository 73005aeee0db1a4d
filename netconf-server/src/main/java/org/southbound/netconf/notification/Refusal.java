// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.xml.XmlOut;

/** The errors of subscriptions, as RFC 8640 section 7 writes them: the identity as error-app-tag, hints in error-info. */
enum Refusal {
  ENCODING_UNSUPPORTED(ErrorTag.INVALID_VALUE), FILTER_UNSUPPORTED(ErrorTag.INVALID_VALUE), //
  INSUFFICIENT_RESOURCES(ErrorTag.RESOURCE_DENIED), NO_SUCH_SUBSCRIPTION(ErrorTag.INVALID_VALUE), //
  DATASTORE_NOT_SUBSCRIBABLE(ErrorTag.INVALID_VALUE), NO_SUCH_SUBSCRIPTION_RESYNC(ErrorTag.INVALID_VALUE), //
  ON_CHANGE_SYNC_UNSUPPORTED(ErrorTag.OPERATION_NOT_SUPPORTED), PERIOD_UNSUPPORTED(ErrorTag.INVALID_VALUE);

  private static final String SUBSCRIBED = "ietf-subscribed-notifications";
  private static final String PUSH = "ietf-yang-push";

  private final ErrorTag tag;

  Refusal(ErrorTag tag) {
    this.tag = tag;
  }

  private String module() {
    return ordinal() < DATASTORE_NOT_SUBSCRIBABLE.ordinal() ? SUBSCRIBED : PUSH;
  }

  private String identity() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }

  /**
   * The error.
   *
   * @param structure the yang-data that goes into error-info, such as {@code modify-subscription-datastore-error-info}
   * @param hint name of a hint in it, or null
   */
  NetconfException of(String message, String structure, String hint, Object value) {
    String module = structure.startsWith("resync") || structure.contains("datastore") ? PUSH : SUBSCRIBED;
    var out = new XmlOut(128);
    out.raw("<reason");
    if (!module().equals(module)) {
      out.attribute("xmlns:of", namespace(module()));
    }
    out.raw('>').raw(module().equals(module) ? "" : "of:").raw(identity()).raw("</reason>");
    if (hint != null) {
      out.element(hint, value.toString());
    }
    return NetconfException.of(tag, message).type("application").appTag(module() + ":" + identity())
        .info(new NetconfException.ErrorInfo(namespace(module), structure, out.toString(), true));
  }

  private static String namespace(String module) {
    return "urn:ietf:params:xml:ns:yang:" + module;
  }
}
