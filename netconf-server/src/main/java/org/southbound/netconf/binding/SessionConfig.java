// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.datastore.ConfigSubscriber;
import org.southbound.netconf.operation.Remote.Destination;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.session.SessionTimes;
import org.southbound.nf.Config;

/** How long sessions may last, and where a url may lead: {@code /nf/management/netconf}. */
final class SessionConfig implements ConfigSubscriber {
  private final NetconfServer server;
  private final YangNode nfNode;
  private SessionTimes times = SessionTimes.ENDLESS;
  private List<Destination> destinations = List.of();

  SessionConfig(NetconfServer server) {
    this.server = server;
    this.nfNode = server.schema().node("/southbound-nf:nf");
  }

  @Override
  public List<YangNode> parts() {
    return List.of(nfNode);
  }

  @Override
  public void prepare(ContainerNode before, ContainerNode after) throws NetconfException {
    var netconf = ConfigTree.of(nfNode, (DataContainerNode) YangNode.find(after, nfNode)).container("management")
        .container("netconf");
    times = new SessionTimes(seconds(netconf, "maximum-session-time"), seconds(netconf, "lock-timeout"));
    var allowed = new ArrayList<Destination>();
    for (var each : netconf.list("url-destination")) {
      allowed.add(new Destination(each.leaf("host", ""), (int) each.number("port", 0),
          certificates(each.leafList("ca-certificate"))));
    }
    destinations = allowed;
  }

  private static Duration seconds(Config netconf, String leaf) {
    return Duration.ofSeconds(netconf.number(leaf, 0));
  }

  private static List<X509Certificate> certificates(List<String> encoded) throws NetconfException {
    var result = new ArrayList<X509Certificate>();
    for (var text : encoded) {
      try {
        result.add((X509Certificate) CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(Base64.getMimeDecoder().decode(text))));
      } catch (CertificateException | IllegalArgumentException unusable) {
        throw NetconfException.of(ErrorTag.INVALID_VALUE, "A ca-certificate is not an X.509 certificate in DER.")
            .at("/southbound-nf:nf/southbound-nf:management/southbound-nf:netconf/southbound-nf:url-destination");
      }
    }
    return result;
  }

  @Override
  public void apply() {
    server.sessions().times(times);
    server.urls().allow(destinations);
  }

  @Override
  public void rollback() {
    // nothing was reserved
  }
}
