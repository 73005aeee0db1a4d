// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import javax.net.ssl.SSLException;

/** TLS 1.3 with certificates on both sides. BoringSSL where its library loads (twice as fast), else the JDK's. */
final class PeerTls {
  static final SslProvider PROVIDER = OpenSsl.isAvailable() && SslProvider.isTlsv13Supported(SslProvider.OPENSSL)
      ? SslProvider.OPENSSL
      : SslProvider.JDK;
  private static final String VERSION = "TLSv1.3";

  private PeerTls() {
  }

  static SslContext server(Trust trust) throws TrustException {
    return build(
        SslContextBuilder.forServer(trust.keys()).trustManager(trust.decider("")).clientAuth(ClientAuth.REQUIRE));
  }

  /** @param expected name that the server must have; empty: any that is trusted */
  static SslContext client(Trust trust, String expected) throws TrustException {
    // Names of NFs are no host names: the trust manager compares them, not the engine.
    return build(SslContextBuilder.forClient().keyManager(trust.keys()).trustManager(trust.decider(expected))
        .endpointIdentificationAlgorithm(""));
  }

  private static SslContext build(SslContextBuilder builder) throws TrustException {
    try {
      // No session is resumed: each handshake asks whether the peer is trusted now.
      return GrpcSslContexts.configure(builder.protocols(VERSION), PROVIDER).sessionCacheSize(1).sessionTimeout(1)
          .build();
    } catch (SSLException e) {
      throw new TrustException("TLS cannot start (" + e.getMessage() + "): check the Java installation", e);
    }
  }
}
