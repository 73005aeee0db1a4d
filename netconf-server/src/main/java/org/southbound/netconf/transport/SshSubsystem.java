// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.Consumer;
import org.apache.sshd.common.io.IoInputStream;
import org.apache.sshd.common.io.IoOutputStream;
import org.apache.sshd.common.session.helpers.AbstractConnectionService;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;
import org.apache.sshd.server.Environment;
import org.apache.sshd.server.ExitCallback;
import org.apache.sshd.server.channel.ChannelDataReceiver;
import org.apache.sshd.server.channel.ChannelSession;
import org.apache.sshd.server.command.AsyncCommandStreamsAware;
import org.apache.sshd.server.command.Command;
import org.southbound.netconf.session.Link;
import org.southbound.netconf.session.Session;

/** One channel of a connection: a session's link. */
final class SshSubsystem implements Command, AsyncCommandStreamsAware, ChannelDataReceiver, Link {
  private final ChannelSession channel;
  private final SshTransport transport;
  private Session session;
  private IoOutputStream out;
  private ExitCallback exit;

  SshSubsystem(ChannelSession channel, SshTransport transport) {
    this.channel = channel;
    this.transport = transport;
    channel.setDataReceiver(this);
  }

  @Override
  public void start(ChannelSession same, Environment environment) {
    session = transport.open(channel.getServerSession(), this);
    session.start();
  }

  @Override
  public int data(ChannelSession same, byte[] bytes, int offset, int count) {
    return session == null ? count : session.receive(bytes, offset, count);
  }

  @Override
  public void write(byte[] bytes, int offset, int count, Consumer<Throwable> written) {
    try {
      out.writeBuffer(new ByteArrayBuffer(bytes, offset, count)).addListener(future -> {
        Throwable failure = future.getException();
        written.accept(failure != null || future.isWritten() ? failure : new IOException("not written"));
      });
    } catch (IOException | RuntimeException e) {
      written.accept(e);
    }
  }

  @Override
  public void credit(int bytes) {
    try {
      channel.getLocalWindow().release(bytes);
    } catch (IOException e) {
      close(false);
    }
  }

  @Override
  public void close(boolean orderly) {
    if (orderly || channels() > 1) { // other sessions of the connection go on
      exit.onExit(0);
      channel.close(false);
    } else {
      channel.getSession().close(true);
    }
  }

  private int channels() {
    return channel.getSession().getService(AbstractConnectionService.class).getChannels().size();
  }

  @Override
  public void destroy(ChannelSession same) {
    if (session != null) {
      session.ended();
      if (channels() <= 1) {
        transport.vacant(channel.getServerSession());
      }
    }
  }

  @Override
  public void close() {
    if (session != null) { // end of the client's data
      session.inputEnded();
    }
  }

  @Override
  public void setIoOutputStream(IoOutputStream stream) { out = stream; }

  @Override
  public void setExitCallback(ExitCallback callback) { exit = callback; }

  @Override
  public void setIoInputStream(IoInputStream in) {
    // data() gets the input
  }

  @Override
  public void setIoErrorStream(IoOutputStream err) {
    // nothing is written there
  }

  @Override
  public void setInputStream(InputStream in) {
    // data() gets the input
  }

  @Override
  public void setOutputStream(OutputStream stream) {
    // the asynchronous stream is used
  }

  @Override
  public void setErrorStream(OutputStream err) {
    // nothing is written there
  }
}
