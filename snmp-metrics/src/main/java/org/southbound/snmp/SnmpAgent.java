// SPDX-License-Identifier: Apache-2.0
package org.southbound.snmp;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.snmp4j.CommandResponderEvent;
import org.snmp4j.MessageDispatcher;
import org.snmp4j.MessageDispatcherImpl;
import org.snmp4j.PDU;
import org.snmp4j.agent.AgentConfigManager;
import org.snmp4j.agent.CommandProcessor;
import org.snmp4j.agent.DefaultMOServer;
import org.snmp4j.agent.DuplicateRegistrationException;
import org.snmp4j.agent.MOServer;
import org.snmp4j.agent.NotificationOriginator;
import org.snmp4j.agent.mo.snmp.StorageType;
import org.snmp4j.agent.mo.snmp.VacmMIB;
import org.snmp4j.agent.security.MutableVACM;
import org.snmp4j.mp.CounterSupport;
import org.snmp4j.mp.MPv2c;
import org.snmp4j.mp.MPv3;
import org.snmp4j.mp.SnmpConstants;
import org.snmp4j.security.AuthHMAC192SHA256;
import org.snmp4j.security.AuthHMAC384SHA512;
import org.snmp4j.security.AuthSHA;
import org.snmp4j.security.PrivAES128;
import org.snmp4j.security.SecurityLevel;
import org.snmp4j.security.SecurityModel;
import org.snmp4j.security.SecurityModels;
import org.snmp4j.security.SecurityProtocols;
import org.snmp4j.security.UsmUser;
import org.snmp4j.smi.Address;
import org.snmp4j.smi.Integer32;
import org.snmp4j.smi.OID;
import org.snmp4j.smi.OctetString;
import org.snmp4j.smi.UdpAddress;
import org.snmp4j.smi.UnsignedInteger32;
import org.snmp4j.smi.VariableBinding;
import org.snmp4j.transport.DefaultUdpTransportMapping;
import org.southbound.metrics.Metric;
import org.southbound.metrics.Metrics;

/**
 * The SNMP agent of an instance, read-only: system and snmp groups (RFC 3418), the counters of the SNMP engine (RFC
 * 3411, 3412, 3414) and SOUTHBOUND-MIB over the registry. SNMPv2c by community on loopback, SNMPv3 for users, no SNMPv1.
 * Requests are answered on one thread of its own.
 */
public final class SnmpAgent implements AutoCloseable {
  /** Variables in a reply to GETBULK, so that a small question has no huge answer. */
  private static final int MOST_BULK = 256;
  /** Layers 3, 4 and 7 (RFC 3418, sysServices). */
  private static final int SERVICES = 4 + 8 + 64;
  private static final int ENTERPRISE = 6;
  private static final OctetString READERS = new OctetString("readers");
  private static final OctetString VIEW = new OctetString("all");
  private static final OctetString NO_VIEW = new OctetString();
  private static final OctetString NO_CONTEXT = new OctetString();

  /** What is shown beside SOUTHBOUND-MIB. Not the tables of users, communities and rights. */
  private static final List<OID> SHOWN = List.of(new OID("1.3.6.1.2.1.1"), new OID("1.3.6.1.2.1.11"),
      new OID("1.3.6.1.6.3.1.1"), new OID("1.3.6.1.6.3.10.2.1"), new OID("1.3.6.1.6.3.11.2.1"),
      new OID("1.3.6.1.6.3.15.1.1"));

  private final Engine engine;
  private final InetSocketAddress address;
  private final MetricsTable table;
  private final Metrics metrics;
  private final OID root;

  private SnmpAgent(SnmpConfig config, Metrics metrics, DefaultUdpTransportMapping transport) throws IOException {
    this.metrics = metrics;
    address = new InetSocketAddress(config.address(), transport.getListenAddress().getPort());
    root = new OID(config.root());
    table = new MetricsTable(metrics, new OID(root).append(1).append(1));
    var dispatcher = new MessageDispatcherImpl();
    dispatcher.addTransportMapping(transport);
    engine = new Engine(config, dispatcher, new EngineFile(config.folder(), root.get(ENTERPRISE)));
    engine.run();
    if (!transport.isListening()) {
      throw new IOException("the SNMP agent does not listen on " + address);
    }
  }

  /**
   * Starts an agent.
   *
   * @throws IOException the address cannot be had, or the folder not written; the message says what to do
   */
  public static SnmpAgent start(SnmpConfig config, Metrics metrics) throws IOException {
    DefaultUdpTransportMapping transport;
    String where = config.address().getHostAddress() + " port " + config.port();
    try {
      transport = new DefaultUdpTransportMapping(new UdpAddress(config.address(), config.port()));
    } catch (SocketException e) {
      throw new IOException(
          "SNMP cannot listen on " + where + " (" + e.getMessage() + "): give another port with --snmp-port", e);
    }
    try {
      return new SnmpAgent(config, metrics, transport);
    } catch (IOException | RuntimeException e) {
      transport.close();
      throw e;
    }
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return address;
  }

  /** snmpEngineID. */
  public byte[] engineId() {
    return engine.file.id().getValue();
  }

  /** Whether a target of notifications has that tag. */
  public boolean hasTarget(String tag) {
    return engine.notifications.hasTag(tag);
  }

  /**
   * Sends a report of metrics as sbMetricReport to the targets with that tag; never blocks.
   *
   * @return false: a target has too many waiting and loses this one, or none has the tag
   */
  public boolean report(String tag, int id, long sequence, Map<String, Long> values) {
    var objects = new OID(root).append(1);
    var bindings = new ArrayList<VariableBinding>();
    bindings.add(new VariableBinding(new OID(objects).append(2).append(0), new UnsignedInteger32(id)));
    bindings.add(new VariableBinding(new OID(objects).append(3).append(0),
        new UnsignedInteger32(sequence & 0xffff_ffffL)));
    for (Metric metric : metrics.definitions()) {
      Long value = values.get(metric.name());
      if (value != null) {
        bindings.add(new VariableBinding(table.decimal(metric), new OctetString(Long.toString(value))));
      }
    }
    return engine.notifications.send(tag, new OID(root).append(0).append(1), bindings);
  }

  /** Stops listening. */
  @Override
  public void close() {
    engine.notifications.close();
    engine.shutdown();
  }

  private static OctetString utf8(String text) {
    return new OctetString(text.getBytes(StandardCharsets.UTF_8));
  }

  /** snmp4j's agent, reduced to what this one does. */
  private final class Engine extends AgentConfigManager {
    private final SnmpConfig config;
    private final EngineFile file;
    private Notifications notifications;

    Engine(SnmpConfig config, MessageDispatcher dispatcher, EngineFile file) {
      super(file.id(), dispatcher, null, new MOServer[]{new DefaultMOServer()}, null, null, null, file);
      this.config = config;
      this.file = file;
      sysDescr = utf8(config.description());
      sysOID = new OID(root).append(3).append(1);
      sysServices = new Integer32(SERVICES);
      var protocols = new SecurityProtocols(SecurityProtocols.SecurityProtocolSet.none);
      protocols.addAuthenticationProtocol(new AuthSHA());
      protocols.addAuthenticationProtocol(new AuthHMAC192SHA256());
      protocols.addAuthenticationProtocol(new AuthHMAC384SHA512());
      protocols.addPrivacyProtocol(new PrivAES128());
      // Of its own, not the process-wide ones: several agents may live in one process.
      setContext(new SecurityModels(), protocols, new CounterSupport());
    }

    @Override
    protected void initMessageDispatcherWithMPs(MessageDispatcher dispatcher) {
      dispatcher.addMessageProcessingModel(new MPv2c());
      dispatcher.addMessageProcessingModel(
          new MPv3(engineID.getValue(), null, securityProtocols, securityModels, counterSupport));
    }

    @Override
    protected CommandProcessor createCommandProcessor(OctetString id) {
      return new CommandProcessor(id) {
        @Override
        public <A extends Address> void processPdu(CommandResponderEvent<A> event) {
          var pdu = event.getPDU();
          if (pdu != null && pdu.getType() == PDU.GETBULK) {
            int repeated = Math.max(1, pdu.size() - Math.max(0, pdu.getNonRepeaters()));
            pdu.setMaxRepetitions(Math.clamp(pdu.getMaxRepetitions(), 0, Math.max(1, MOST_BULK / repeated)));
          }
          super.processPdu(event);
        }
      };
    }

    @Override
    protected NotificationOriginator createNotificationOriginator() {
      notifications = new Notifications(session, engineID, () -> snmpv2MIB.getUpTime(), config.targets());
      return notifications;
    }

    /** None: this agent is configured by YANG, and read-only. */
    @Override
    protected void initOptionalMIBs() {
    }

    @Override
    protected void registerMIBs(OctetString context) throws DuplicateRegistrationException {
      var server = agent.getServer(context);
      snmpv2MIB.registerMOs(server, context);
      snmpMpdMib.registerMOs(server, context);
      frameworkMIB.registerMOs(server, context);
      usmMIB.registerMOs(server, context);
      server.register(table, context);
      snmpv2MIB.setName(utf8(config.name()));
      snmpv2MIB.setContact(utf8(config.contact()));
      snmpv2MIB.setLocation(utf8(config.location()));
      snmpv2MIB.addSysOREntry(new OID(root).append(2).append(1).append(1), new OctetString("SOUTHBOUND-MIB"));
      grant();
    }

    @Override
    protected void unregisterMIBs(OctetString context) {
      // They end with the server, which nobody else uses.
    }

    /** Who may read what (RFC 3415). No one may write. */
    private void grant() {
      for (var shown : SHOWN) {
        view(shown);
      }
      view(root);
      String community = config.effectiveCommunity();
      if (!community.isEmpty()) {
        communityMIB.addSnmpCommunityEntry(new OctetString("community"), utf8(community), READERS, engineID, NO_CONTEXT,
            new OctetString(), StorageType.volatile_);
        access(SecurityModel.SECURITY_MODEL_SNMPv2c, READERS, SecurityLevel.NOAUTH_NOPRIV);
      }
      for (var user : config.users()) {
        var name = utf8(user.name());
        var authentication = switch (user.authentication()) {
          case SHA_1 -> AuthSHA.ID;
          case SHA_256 -> AuthHMAC192SHA256.ID;
          case SHA_512 -> AuthHMAC384SHA512.ID;
        };
        usm.addUser(new UsmUser(name, authentication, utf8(user.authenticationPassword()), PrivAES128.ID,
            utf8(user.privacyPassword())));
        access(SecurityModel.SECURITY_MODEL_USM, name, SecurityLevel.AUTH_PRIV);
      }
    }

    private void view(OID subtree) {
      vacmMIB.addViewTreeFamily(VIEW, subtree, new OctetString(), VacmMIB.vacmViewIncluded, StorageType.volatile_);
    }

    private void access(int model, OctetString name, int level) {
      vacmMIB.addGroup(model, name, READERS, StorageType.volatile_);
      // The rights of a group in a model, which the next user of the same model shares.
      vacmMIB.removeAccess(READERS, NO_CONTEXT, model, level);
      vacmMIB.addAccess(READERS, NO_CONTEXT, model, level, MutableVACM.VACM_MATCH_EXACT, VIEW, NO_VIEW, NO_VIEW,
          StorageType.volatile_);
    }

    @Override
    protected void fireLaunchNotifications() {
      notifications.notify(NO_CONTEXT, SnmpConstants.coldStart, new VariableBinding[0]);
    }
  }
}
