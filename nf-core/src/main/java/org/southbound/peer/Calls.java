// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.southbound.peer.v1.PeerGrpc;
import org.southbound.peer.v1.ReplicationFromSource;
import org.southbound.peer.v1.ReplicationFromStandby;
import org.southbound.peer.v1.TransferFromDestination;
import org.southbound.peer.v1.TransferFromSource;

/** The stream calls of the protocol with a marshaller that copies records once on each side. */
final class Calls {
  /** Greatest message taken: a chunk of 1 MiB and what is around it. */
  static final int MESSAGE_BYTES = 2 << 20;

  static final MethodDescriptor<TransferFromSource, TransferFromDestination> TRANSFER = PeerGrpc.getTransferMethod()
      .toBuilder(new Bulk<>(TransferFromSource.parser()), new Bulk<>(TransferFromDestination.parser())).build();

  static final MethodDescriptor<ReplicationFromSource, ReplicationFromStandby> REPLICATE = PeerGrpc
      .getReplicateMethod().toBuilder(new Bulk<>(ReplicationFromSource.parser()),
          new Bulk<>(ReplicationFromStandby.parser()))
      .build();

  private Calls() {
  }

  /**
   * Plain protobuf on the wire. Records go from the sender's array to the transport's buffer, and from there to one
   * array that the parsed message's {@code bytes} point into; gRPC's own marshaller copies them once more on arrival.
   */
  private record Bulk<T extends Message>(Parser<T> parser) implements MethodDescriptor.Marshaller<T> {
    @Override
    public InputStream stream(T message) {
      return new Serialized(message);
    }

    @Override
    public T parse(InputStream stream) {
      try {
        var octets = whole(stream);
        var input = UnsafeByteOperations.unsafeWrap(octets).newCodedInput();
        input.enableAliasing(true);
        T message = parser.parseFrom(input);
        input.checkLastTagWas(0);
        return message;
      } catch (IOException e) {
        throw Status.INTERNAL.withDescription("not a message of this protocol: " + e.getMessage()).withCause(e)
            .asRuntimeException();
      }
    }
  }

  /** InputStream's own methods gather pieces of 16 KiB and copy them together. */
  private static byte[] whole(InputStream stream) throws IOException {
    if (!(stream instanceof KnownLength)) {
      return stream.readAllBytes();
    }
    var octets = new byte[stream.available()];
    stream.readNBytes(octets, 0, octets.length);
    return octets;
  }

  /** A message that is written at once when the transport asks. */
  private static final class Serialized extends InputStream implements KnownLength, Drainable {
    private Message message;
    private ByteArrayInputStream rest = new ByteArrayInputStream(new byte[0]);

    Serialized(Message message) {
      this.message = message;
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      if (message == null) {
        return (int) rest.transferTo(target);
      }
      int length = message.getSerializedSize();
      message.writeTo(target);
      message = null;
      return length;
    }

    @Override
    public int available() {
      return message == null ? rest.available() : message.getSerializedSize();
    }

    private ByteArrayInputStream bytes() {
      if (message != null) {
        rest = new ByteArrayInputStream(message.toByteArray());
        message = null;
      }
      return rest;
    }

    @Override
    public int read() {
      return bytes().read();
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      return bytes().read(target, offset, length);
    }
  }
}
