// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import org.southbound.peer.PeerException;
import org.southbound.peer.PeerHandler;
import org.southbound.peer.PeerStream;
import org.southbound.peer.v1.ReplicationFromSource;
import org.southbound.peer.v1.ReplicationFromStandby;
import org.southbound.peer.v1.TransferFromDestination;
import org.southbound.peer.v1.TransferFromSource;

/**
 * Tells a test of every step of what other NFs ask of one: "confirmChain" before the call, "confirmChain done" behind it,
 * "got OWN" when a stream's message was received, "send OWNED" before one is sent. A step that throws {@link #dead} is as
 * if the connection was cut there; one that throws another exception, as if the NF failed.
 */
final class Steps {
  private Steps() {
  }

  static PeerHandler watch(PeerHandler handler, Testbed.Step step) {
    return (PeerHandler) Proxy.newProxyInstance(Steps.class.getClassLoader(), new Class<?>[]{PeerHandler.class},
        (self, method, arguments) -> {
          step.at(method.getName());
          if (arguments.length > 1 && arguments[1] instanceof PeerStream<?, ?> stream) {
            arguments[1] = new Watched<>(stream, step);
          }
          try {
            var answer = method.invoke(handler, arguments);
            step.at(method.getName() + " done");
            return answer;
          } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
          }
        });
  }

  /** As if no answer came. */
  static PeerException dead() {
    return new PeerException(PeerException.UNREACHABLE, "it died");
  }

  private record Watched<O, I>(PeerStream<O, I> stream, Testbed.Step step) implements PeerStream<O, I> {
    private static String name(Object message) {
      return String.valueOf(switch (message) {
        case TransferFromSource each -> each.getStepCase();
        case TransferFromDestination each -> each.getStepCase();
        case ReplicationFromSource each -> each.getStepCase();
        case ReplicationFromStandby each -> each.getStepCase();
        case null, default -> "END";
      });
    }

    @Override
    public String peer() {
      return stream.peer();
    }

    @Override
    public void send(O message) throws PeerException {
      pass("send " + name(message));
      stream.send(message);
    }

    @Override
    public I receive(Duration timeout) throws PeerException {
      var message = stream.receive(timeout);
      pass("got " + name(message));
      return message;
    }

    private void pass(String where) throws PeerException {
      try {
        step.at(where);
      } catch (PeerException cut) {
        stream.close();
        throw cut;
      }
    }

    @Override
    public void finish() {
      stream.finish();
    }

    @Override
    public void close() {
      stream.close();
    }
  }
}
