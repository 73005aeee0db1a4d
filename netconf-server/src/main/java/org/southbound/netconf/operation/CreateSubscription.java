// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.notification.Notifications;
import org.southbound.netconf.notification.Streams;
import org.southbound.netconf.xml.Filter;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/** create-subscription, RFC 5277 section 2.1.1. */
final class CreateSubscription implements Operation {
  @Override
  public String name() {
    return "create-subscription";
  }

  @Override
  public String namespace() {
    return Notifications.NAMESPACE;
  }

  @Override
  public void run(Request request, XmlOut out) throws NetconfException {
    Filter filter = null;
    Instant start = null;
    Instant stop = null;
    XmlIn in = request.in();
    while (request.next()) {
      switch (in.name()) {
        case "stream" -> {
          if (!Streams.has(in.text().strip())) {
            throw NetconfException.of(ErrorTag.INVALID_VALUE, "There is no such stream.").info("bad-element", "stream");
          }
        }
        case "filter" -> filter = request.filter();
        case "startTime" -> start = time(in, "startTime");
        case "stopTime" -> stop = time(in, "stopTime");
        default -> throw in.unknown();
      }
    }
    if (stop != null && start == null) {
      throw XmlIn.missing("startTime");
    }
    if (start != null && start.isAfter(request.context().clock().instant())) {
      throw bad("startTime", "is in the future");
    }
    if (stop != null && stop.isBefore(start)) {
      throw bad("stopTime", "is before startTime");
    }
    request.context().notifications().subscribe(request.session(), filter, start, stop);
    out.raw("<ok/>");
  }

  private static NetconfException bad(String element, String why) {
    return NetconfException.of(ErrorTag.BAD_ELEMENT, element + " " + why + ".").info("bad-element", element);
  }

  private static Instant time(XmlIn in, String element) throws NetconfException {
    try {
      return OffsetDateTime.parse(in.text().strip()).toInstant();
    } catch (DateTimeException e) {
      throw bad(element, "is not a date and time");
    }
  }
}
