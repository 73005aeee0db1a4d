// SPDX-License-Identifier: Apache-2.0
package org.southbound.snmp;

import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.snmp4j.CommunityTarget;
import org.snmp4j.PDU;
import org.snmp4j.ScopedPDU;
import org.snmp4j.Session;
import org.snmp4j.Target;
import org.snmp4j.UserTarget;
import org.snmp4j.agent.NotificationOriginator;
import org.snmp4j.mp.SnmpConstants;
import org.snmp4j.security.SecurityLevel;
import org.snmp4j.security.SecurityModel;
import org.snmp4j.smi.OID;
import org.snmp4j.smi.OctetString;
import org.snmp4j.smi.TimeTicks;
import org.snmp4j.smi.UdpAddress;
import org.snmp4j.smi.VariableBinding;

/**
 * Sends notifications. Each target has a thread and a bounded queue of its own, because an inform to a dead manager
 * blocks for seconds; what does not fit is lost and counted. Calls never block.
 */
final class Notifications implements NotificationOriginator, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Notifications.class);
  private static final int QUEUE = 128;

  /** One notification. */
  private record Notification(OID id, TimeTicks upTime, List<VariableBinding> bindings) {
  }

  private static final Notification END = new Notification(new OID(), new TimeTicks(), List.of());

  private final Session session;
  private final OctetString engineId;
  private final Supplier<TimeTicks> upTime;
  private final List<Receiver> receivers = new ArrayList<>();

  /** Sends through {@code session}; begins at once. */
  Notifications(Session session, OctetString engineId, Supplier<TimeTicks> upTime, List<SnmpConfig.Target> targets) {
    this.session = session;
    this.engineId = engineId;
    this.upTime = upTime;
    for (var target : targets) {
      receivers.add(new Receiver(target));
    }
    receivers.forEach(receiver -> Thread.ofVirtual().name("snmp to " + receiver.target.name()).start(receiver));
  }

  @Override
  public Object notify(OctetString context, OID id, VariableBinding[] bindings) {
    return notify(context, id, upTime.get(), bindings);
  }

  @Override
  public Object notify(OctetString context, OID id, TimeTicks when, VariableBinding[] bindings) {
    send("", new Notification(id, when, Arrays.asList(bindings)));
    return null;
  }

  /** Sends to the targets with that tag. False: one of them has too many waiting, or there is none. */
  boolean send(String tag, OID id, List<VariableBinding> bindings) {
    return send(tag, new Notification(id, upTime.get(), bindings));
  }

  private boolean send(String tag, Notification notification) {
    boolean any = false;
    boolean all = true;
    for (var receiver : receivers) {
      if (tag.isEmpty() || receiver.target.tags().contains(tag)) {
        any = true;
        all &= receiver.queue.offer(notification);
      }
    }
    return any && all;
  }

  /** Whether a target has that tag. */
  boolean hasTag(String tag) {
    return receivers.stream().anyMatch(receiver -> receiver.target.tags().contains(tag));
  }

  @Override
  public void close() {
    for (var receiver : receivers) {
      receiver.ended = true;
      receiver.queue.clear();
      receiver.queue.offer(END);
    }
  }

  private final class Receiver implements Runnable {
    private final SnmpConfig.Target target;
    private final ArrayBlockingQueue<Notification> queue = new ArrayBlockingQueue<>(QUEUE);
    private volatile boolean ended;
    private boolean failing;

    Receiver(SnmpConfig.Target target) {
      this.target = target;
    }

    @Override
    public void run() {
      try {
        for (var next = queue.take(); !ended; next = queue.take()) {
          try {
            deliver(next);
            failing = false;
          } catch (IOException | RuntimeException e) {
            // Once for each series of failures, for reports come often.
            if (!failing && !ended) {
              LOG.warn("SNMP target {} at {} port {} cannot be notified: {}", target.name(), target.host(),
                  target.port(), e.getMessage());
            }
            failing = true;
          }
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private void deliver(Notification notification) throws IOException {
      var address = new UdpAddress(InetAddress.getByName(target.host()), target.port());
      Target<UdpAddress> to;
      PDU pdu;
      if (target.user().isEmpty()) {
        to = new CommunityTarget<>(address, new OctetString(target.community()));
        to.setVersion(SnmpConstants.version2c);
        to.setSecurityModel(SecurityModel.SECURITY_MODEL_SNMPv2c);
        pdu = new PDU();
      } else {
        // The sender of a trap is authoritative, the receiver of an inform is, and is asked for its id.
        byte[] authority = target.inform() ? new byte[0] : engineId.getValue();
        to = new UserTarget<>(address, new OctetString(target.user()), authority, SecurityLevel.AUTH_PRIV);
        to.setVersion(SnmpConstants.version3);
        var scoped = new ScopedPDU();
        scoped.setContextEngineID(engineId);
        pdu = scoped;
      }
      to.setTimeout(target.timeoutMillis());
      to.setRetries(target.retries());
      pdu.setType(target.inform() ? PDU.INFORM : PDU.TRAP);
      pdu.add(new VariableBinding(SnmpConstants.sysUpTime, notification.upTime));
      pdu.add(new VariableBinding(SnmpConstants.snmpTrapOID, notification.id));
      pdu.addAll(notification.bindings);
      var answer = session.send(pdu, to);
      if (target.inform() && (answer == null || answer.getResponse() == null)) {
        throw new IOException("no answer");
      }
    }
  }
}
