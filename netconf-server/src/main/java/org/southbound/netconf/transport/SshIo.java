// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.AsynchronousChannelGroup;
import org.apache.sshd.common.FactoryManager;
import org.apache.sshd.common.io.IoAcceptor;
import org.apache.sshd.common.io.IoConnector;
import org.apache.sshd.common.io.IoHandler;
import org.apache.sshd.common.io.nio2.Nio2Acceptor;
import org.apache.sshd.common.io.nio2.Nio2Connector;
import org.apache.sshd.common.io.nio2.Nio2ServiceFactory;

/**
 * Sockets whose events are handled by the thread that learns of them. With the library's own group one thread waits for events
 * and wakes another for each, which costs more than answering a request does.
 */
final class SshIo extends Nio2ServiceFactory {
  private final AsynchronousChannelGroup group;

  SshIo(FactoryManager manager) {
    super(manager, null, null);
    try {
      group = AsynchronousChannelGroup.withFixedThreadPool(getNioWorkers(manager),
          Thread.ofPlatform().daemon().name("ssh-", 0).factory());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public IoAcceptor createAcceptor(IoHandler handler) {
    return autowireCreatedService(
        new Nio2Acceptor(this, getFactoryManager(), handler, group, getExecutorService()));
  }

  @Override
  public IoConnector createConnector(IoHandler handler) {
    return autowireCreatedService(
        new Nio2Connector(this, getFactoryManager(), handler, group, getExecutorService()));
  }

  @Override
  protected void doCloseImmediately() {
    try {
      group.shutdownNow();
    } catch (IOException e) {
      // its channels are closed anyway
    }
    super.doCloseImmediately();
  }
}
