// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.notification;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.DataReader;
import org.southbound.netconf.datastore.Editor;
import org.southbound.netconf.datastore.Invocation;
import org.southbound.netconf.schema.DataPath;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.DataWriter;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** Notification elements (RFC 5277 section 4), to XML and back. Thread-safe. */
final class NotificationWriter {
  /**
   * What an event is made of.
   *
   * @param holder the instance that a notification of a data node belongs to (RFC 7950 section 7.16); null for one at the top
   */
  record Content(DataPath holder, YangNode node, ContainerNode data) {
  }

  final Schema schema;

  NotificationWriter(Schema schema) {
    this.schema = schema;
  }

  /** A whole notification; {@code view} null sees all. */
  byte[] write(Instant time, Content content, DataWriter.Visibility view) {
    var out = open(512, time);
    new DataWriter(schema, out, view).within(content.holder(), content.node(), content.data(), Notifications.NAMESPACE);
    return close(out);
  }

  /** A notification without content that RFC 5277 itself defines. */
  byte[] empty(Instant time, String namespace, String name) {
    var out = open(256, time);
    out.raw('<').raw(name).attribute("xmlns", namespace).raw("/>");
    return close(out);
  }

  /** Begins a notification; the event is to be written into it, then {@link #close}. */
  static XmlOut open(int capacity, Instant time) {
    return new XmlOut(capacity).raw("<notification").attribute("xmlns", Notifications.NAMESPACE).raw('>')
        .element("eventTime", time.truncatedTo(ChronoUnit.MICROS).toString());
  }

  static byte[] close(XmlOut out) {
    return out.raw("</notification>").toBytes();
  }

  /** What {@link #write} wrote; null if the model no longer has it. */
  Content read(byte[] xml) {
    try {
      XmlIn in = XmlIn.open(xml, 0, xml.length);
      in.child();
      in.text();
      in.child();
      YangNode node = schema.notification(in.namespace(), in.name());
      Invocation read = node == null ? DataReader.nested(in, schema.root(), false)
          : new Invocation(null, node, DataReader.input(in, node, DataPath.of(null, node)));
      return new Content(read.target(), read.operation(), Editor.build(read.operation(), read.content()));
    } catch (NetconfException e) {
      return null;
    }
  }
}
