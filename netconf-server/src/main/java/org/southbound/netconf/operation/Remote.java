// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.xml.XmlOut;

/**
 * Configurations on other machines, by https: GET, PUT and DELETE. Only to destinations that are allowed, so that a client cannot
 * have the server call what it could not reach itself; no redirection is followed, no proxy asked. Bounded in size and time.
 */
public final class Remote {
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final long ANSWER_SECONDS = 30;
  private static final int HTTPS = 443;

  /**
   * A destination.
   *
   * @param host as it stands in a url
   * @param authorities whose certificates are trusted there; empty: those that the Java platform trusts
   */
  public record Destination(String host, int port, List<X509Certificate> authorities) {
  }

  private final int maxBytes;
  private volatile List<Destination> allowed = List.of();

  Remote(int maxBytes) {
    this.maxBytes = maxBytes;
  }

  void allow(List<Destination> destinations) {
    allowed = List.copyOf(destinations);
  }

  byte[] get(URI uri) throws NetconfException {
    return send(uri, "GET", BodyPublishers.noBody());
  }

  void put(URI uri, XmlOut config) throws NetconfException {
    send(uri, "PUT", BodyPublishers.ofByteArray(config.array(), 0, config.length()));
  }

  void delete(URI uri) throws NetconfException {
    send(uri, "DELETE", BodyPublishers.noBody());
  }

  private Destination destination(URI uri) throws NetconfException {
    int port = uri.getPort() < 0 ? HTTPS : uri.getPort();
    if (uri.getHost() != null && uri.getUserInfo() == null) {
      for (Destination each : allowed) {
        if (each.host.equalsIgnoreCase(uri.getHost()) && each.port == port) {
          return each;
        }
      }
    }
    throw Urls.error(ErrorTag.ACCESS_DENIED, "The url leads to a destination that is not allowed.")
        .appTag("southbound:destination-forbidden");
  }

  private byte[] send(URI uri, String method, BodyPublisher content) throws NetconfException {
    Destination destination = destination(uri);
    var request = HttpRequest.newBuilder(uri).header("Content-Type", "application/xml").method(method, content);
    var body = new ByteArrayOutputStream();
    try (HttpClient client = client(destination)) {
      try {
        int status = client.sendAsync(request.build(), BodyHandlers.ofByteArrayConsumer(part -> keep(part, body)))
            .get(ANSWER_SECONDS, TimeUnit.SECONDS).statusCode();
        if (status / 100 != 2) {
          throw Urls.error(status == 404 ? ErrorTag.DATA_MISSING : ErrorTag.OPERATION_FAILED,
              "The server that the url names answers with status " + status + ".");
        }
      } catch (ExecutionException e) {
        throw Urls.error(ErrorTag.OPERATION_FAILED, "The server that the url names cannot be asked: "
            + (e.getCause() instanceof IOException cause && cause.getMessage() != null ? cause.getMessage()
                : "no connection")
            + ".");
      } catch (TimeoutException e) {
        throw Urls.error(ErrorTag.OPERATION_FAILED,
            "The server that the url names has not answered in " + ANSWER_SECONDS + " s.");
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw Urls.error(ErrorTag.OPERATION_FAILED, "The server stops.");
      } finally {
        client.shutdownNow();
      }
    }
    if (body.size() > maxBytes) {
      throw Urls.tooBig(maxBytes);
    }
    return body.toByteArray();
  }

  /** Beyond the limit nothing more is kept; the time is bounded, too. */
  private void keep(Optional<byte[]> part, ByteArrayOutputStream body) {
    if (part.isPresent() && body.size() <= maxBytes) {
      body.writeBytes(part.get());
    }
  }

  private static HttpClient client(Destination destination) throws NetconfException {
    var client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER)
        .proxy(HttpClient.Builder.NO_PROXY).connectTimeout(CONNECT);
    if (!destination.authorities.isEmpty()) {
      try {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        int n = 0;
        for (X509Certificate each : destination.authorities) {
          store.setCertificateEntry("authority-" + n++, each);
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        var tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        client.sslContext(tls);
      } catch (GeneralSecurityException | IOException e) {
        throw Urls.error(ErrorTag.OPERATION_FAILED, "The certificates configured for the destination cannot be used.");
      }
    }
    return client.build();
  }
}
