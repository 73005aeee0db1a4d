// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.southbound.packet.Tcp.ACK;
import static org.southbound.packet.Tcp.FIN;
import static org.southbound.packet.Tcp.PSH;
import static org.southbound.packet.Tcp.RST;
import static org.southbound.packet.Tcp.SYN;
import static org.southbound.packet.Tcp.URG;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.southbound.flow.RecordTable;
import org.southbound.packet.Drop;

class FirewallTcpTest {
  private static final Drop PASS = Drop.FORWARD;
  /** Initial sequence numbers, shortly before they wrap. */
  private static final int C = -10;
  private static final int S = Integer.MAX_VALUE - 3;
  private static final byte[] SCALE_7 = {3, 3, 7, 0};

  private Rig rig;
  private int version = 4;

  @BeforeEach
  void open() {
    rig = new Rig(new Firewall());
    rig.configure(Configs.firewall(List.of(Configs.rule("web", "accept", Configs.port(6, 80)))));
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private Drop client(int flags, int sequence, int ack, int window, int payload, byte... options) {
    return rig.send(Frames.tcp(version, 1, 2, 4000, 80, flags, C + sequence, (flags & ACK) == 0 ? 0 : S + ack, window,
        payload, options));
  }

  private Drop server(int flags, int sequence, int ack, int window, int payload, byte... options) {
    return rig.send(Frames.tcp(version, 2, 1, 80, 4000, flags, S + sequence, (flags & ACK) == 0 ? 0 : C + ack, window,
        payload, options));
  }

  private int state() {
    int id = rig.flows.next(0);
    rig.flow.bind(rig.flows, id);
    return id < 0 ? -1 : TcpTracker.state(rig.flow);
  }

  private int timeoutSeconds() {
    return rig.flows.header(rig.flows.next(0), RecordTable.TIMEOUT) / 1000;
  }

  private void establish() {
    assertEquals(PASS, client(SYN, 0, 0, 1000, 0));
    assertEquals(PASS, server(SYN | ACK, 0, 1, 1000, 0));
    assertEquals(PASS, client(ACK, 1, 1, 1000, 0));
    assertEquals(TcpTracker.ESTABLISHED, state());
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 6})
  void shouldFollowAConnectionFromSynToTimeWait(int version) {
    this.version = version;
    assertEquals(PASS, client(SYN, 0, 0, 1000, 0));
    assertEquals(TcpTracker.SYN_SENT, state());
    assertEquals(240, timeoutSeconds());
    assertEquals(PASS, client(SYN, 0, 0, 1000, 0), "sent again");
    assertEquals(PASS, server(SYN | ACK, 0, 1, 1000, 0));
    assertEquals(TcpTracker.SYN_RECEIVED, state());
    assertEquals(PASS, server(SYN | ACK, 0, 1, 1000, 0), "sent again");
    assertEquals(PASS, client(ACK, 1, 1, 1000, 0));
    assertEquals(TcpTracker.ESTABLISHED, state());
    assertEquals(7440, timeoutSeconds());
    assertEquals(PASS, client(ACK | PSH, 1, 1, 1000, 100));
    assertEquals(PASS, server(ACK | PSH, 1, 101, 1000, 500));
    assertEquals(PASS, client(FIN | ACK, 101, 501, 1000, 0));
    assertEquals(TcpTracker.CLOSING, state());
    assertEquals(PASS, server(ACK, 501, 102, 1000, 300), "half closed");
    assertEquals(PASS, server(FIN | ACK, 801, 102, 1000, 0));
    assertEquals(TcpTracker.LAST_ACK, state());
    assertEquals(PASS, server(FIN | ACK, 801, 102, 1000, 0), "sent again");
    assertEquals(PASS, client(ACK, 102, 802, 1000, 0));
    assertEquals(TcpTracker.TIME_WAIT, state());
    assertEquals(120, timeoutSeconds());
    assertEquals(1, rig.count("flows-accepted"));
    rig.pass(121_000);
    assertEquals(-1, state());
  }

  @Test
  void shouldFollowBothClosingAtOnce() {
    establish();
    assertEquals(PASS, client(FIN | ACK, 1, 1, 1000, 0));
    assertEquals(PASS, server(FIN | ACK, 1, 1, 1000, 0));
    assertEquals(TcpTracker.LAST_ACK, state());
    assertEquals(PASS, client(ACK, 2, 2, 1000, 0));
    assertEquals(TcpTracker.LAST_ACK, state());
    assertEquals(PASS, server(ACK, 2, 2, 1000, 0));
    assertEquals(TcpTracker.TIME_WAIT, state());
  }

  @Test
  void shouldFollowBothOpeningAtOnce() {
    assertEquals(PASS, client(SYN, 0, 0, 1000, 0));
    assertEquals(PASS, server(SYN, 0, 0, 1000, 0));
    assertEquals(TcpTracker.SYN_BOTH, state());
    assertEquals(Drop.TCP_WINDOW, client(SYN | ACK, 0, 9, 1000, 0));
    assertEquals(PASS, client(SYN | ACK, 0, 1, 1000, 0));
    assertEquals(PASS, server(SYN | ACK, 0, 1, 1000, 0));
    assertEquals(PASS, client(ACK, 1, 1, 1000, 500));
    assertEquals(PASS, client(ACK, 501, 1, 1000, 500));
    assertEquals(TcpTracker.ESTABLISHED, state());
    assertEquals(PASS, server(ACK, 1, 1001, 1000, 0));
  }

  @Test
  void shouldDropWhatDoesNotFitTheState() {
    assertEquals(Drop.TCP_STATE, client(ACK, 1, 1, 1000, 10), "no connection");
    assertEquals(Drop.TCP_STATE, server(SYN | ACK, 0, 1, 1000, 0), "no SYN");
    assertEquals(Drop.TCP_STATE, client(RST, 1, 0, 1000, 0), "nothing to reset");
    for (int flags : new int[]{0, FIN, SYN | FIN, SYN | RST, FIN | SYN | RST | ACK | PSH | URG, RST | FIN | ACK}) {
      assertEquals(Drop.TCP_STATE, client(flags, 0, 0, 1000, 0), "flags " + flags);
    }
    assertEquals(-1, state());
    assertEquals(PASS, client(SYN, 0, 0, 1000, 0));
    assertEquals(Drop.TCP_STATE, client(ACK, 1, 1, 1000, 0), "not answered yet");
    assertEquals(Drop.TCP_STATE, client(SYN | ACK, 0, 1, 1000, 0));
    assertEquals(Drop.TCP_WINDOW, server(SYN | ACK, 0, 5, 1000, 0), "acknowledges another SYN");
    assertEquals(PASS, server(ACK, 700, 900, 1000, 0), "an old connection, to be reset");
    assertEquals(TcpTracker.SYN_SENT, state());
    assertEquals(10, rig.count("tcp-wrong-state") - 1);
  }

  @Test
  void shouldDropWhatIsOutsideTheWindow() {
    establish();
    assertEquals(PASS, client(ACK, 1, 1, 1000, 1000));
    assertEquals(Drop.TCP_WINDOW, client(ACK, 1002, 1, 1000, 10), "beyond the server's window");
    assertEquals(Drop.TCP_WINDOW, client(ACK, 1, 2, 1000, 10), "acknowledges what was not sent");
    assertEquals(PASS, client(ACK, 1, 1, 1000, 10), "sent again");
    assertEquals(PASS, server(ACK, 1, 1001, 1000, 0));
    assertEquals(PASS, client(ACK, 1001, 1, 1000, 10));
    assertEquals(Drop.TCP_WINDOW, client(ACK, -100, 1, 1000, 10), "further back than any window");
    assertEquals(Drop.TCP_WINDOW, server(ACK, 1, 1001 - 70_000, 1000, 0), "acknowledges what is long gone");
    assertEquals(4, rig.count("tcp-out-of-window"));
  }

  @Test
  void shouldAllowProbesAndKeepAlives() {
    establish();
    assertEquals(PASS, client(ACK, 1, 1, 1000, 1000));
    assertEquals(PASS, server(ACK, 1, 1001, 0, 0), "zero window");
    assertEquals(PASS, client(ACK, 1001, 1, 1000, 1), "probe with one octet");
    assertEquals(PASS, client(ACK, 1000, 1, 1000, 0), "probe one left of the window");
    assertEquals(PASS, server(ACK, 1, 1001, 0, 0));
    assertEquals(Drop.TCP_WINDOW, client(ACK, 1003, 1, 1000, 1), "more than a probe");
    assertEquals(PASS, server(ACK, 1, 1002, 500, 0), "open again");
    assertEquals(PASS, client(ACK, 1002, 1, 1000, 500));
    assertEquals(PASS, server(ACK, 0, 1502, 1000, 1), "keep-alive with an octet");
  }

  @Test
  void shouldScaleWindowsOnlyIfBothSidesDo() {
    assertEquals(PASS, client(SYN, 0, 0, 1000, 0, SCALE_7));
    assertEquals(PASS, server(SYN | ACK, 0, 1, 1000, 0, SCALE_7));
    assertEquals(PASS, client(ACK, 1, 1, 1000, 0));
    assertEquals(PASS, server(ACK, 1, 1, 1000, 0));
    assertEquals(PASS, client(ACK, 1 + 1000 * 128, 1, 1000, 0));
    assertEquals(Drop.TCP_WINDOW, client(ACK, 2 + 1000 * 128, 1, 1000, 0));
    rig.close();
    open();
    assertEquals(PASS, client(SYN, 0, 0, 1000, 0, SCALE_7));
    assertEquals(PASS, server(SYN | ACK, 0, 1, 1000, 0));
    assertEquals(PASS, client(ACK, 1, 1, 1000, 0));
    assertEquals(PASS, server(ACK, 1, 1, 1000, 0));
    assertEquals(Drop.TCP_WINDOW, client(ACK, 1 + 1000 * 2, 1, 1000, 0));
  }

  @Test
  void shouldCheckSelectiveAcknowledgments() {
    establish();
    assertEquals(PASS, client(ACK, 1, 1, 1000, 100));
    assertEquals(PASS, client(ACK, 201, 1, 1000, 100), "one is missing");
    assertEquals(PASS, server(ACK, 1, 101, 1000, 0, sack(C + 201, C + 301)));
    assertEquals(Drop.TCP_WINDOW, server(ACK, 1, 101, 1000, 0, sack(C + 301, C + 401)), "nobody sent that");
  }

  private static byte[] sack(int left, int right) {
    var options = java.nio.ByteBuffer.allocate(24);
    // Timestamps before it, as usual: 12 octets.
    options.put(new byte[]{1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 5, 10}).putInt(left).putInt(right);
    return options.array();
  }

  @Test
  void shouldEndOnAnExactResetOnly() {
    establish();
    assertEquals(PASS, client(ACK, 1, 1, 1000, 100));
    assertEquals(PASS, server(ACK, 1, 101, 1000, 0));
    assertEquals(Drop.TCP_WINDOW, server(RST, 5000, 0, 0, 0), "a guess");
    assertEquals(Drop.TCP_WINDOW, server(RST, 0, 0, 0, 0), "a guess before it");
    assertEquals(PASS, server(RST, 500, 0, 0, 0), "in the window: the client will challenge it");
    assertEquals(TcpTracker.ESTABLISHED, state());
    assertEquals(PASS, server(RST, 1, 0, 0, 0));
    assertEquals(TcpTracker.CLOSED, state());
    assertEquals(10, timeoutSeconds());
    assertEquals(PASS, client(ACK, 101, 1, 1000, 10), "was on its way");
    assertEquals(TcpTracker.CLOSED, state());
  }

  @Test
  void shouldTakeARefusalForWhatItIs() {
    assertEquals(PASS, client(SYN, 0, 0, 1000, 0));
    assertEquals(Drop.TCP_WINDOW, server(RST | ACK, 0, 77, 0, 0), "refuses another SYN");
    assertEquals(Drop.TCP_WINDOW, server(RST, 0, 0, 0, 0), "refuses nothing");
    assertEquals(TcpTracker.SYN_SENT, state());
    assertEquals(PASS, server(RST | ACK, 0, 1, 0, 0));
    assertEquals(TcpTracker.CLOSED, state());
    assertEquals(PASS, client(SYN, 5000, 0, 1000, 0), "another try");
    assertEquals(TcpTracker.SYN_SENT, state());
    assertEquals(2, rig.count("flows-accepted"));
  }

  @Test
  void shouldOpenAnewAfterTimeWait() {
    establish();
    client(FIN | ACK, 1, 1, 1000, 0);
    server(FIN | ACK, 1, 2, 1000, 0);
    client(ACK, 2, 2, 1000, 0);
    assertEquals(TcpTracker.TIME_WAIT, state());
    assertEquals(PASS, client(SYN, 90_000, 0, 1000, 0));
    assertEquals(TcpTracker.SYN_SENT, state());
    assertEquals(PASS, server(SYN | ACK, 70_000, 90_001, 1000, 0));
    assertEquals(PASS, client(ACK, 90_001, 70_001, 1000, 10));
    assertEquals(TcpTracker.ESTABLISHED, state());
    assertEquals(2, rig.count("flows-accepted"));
  }

  @Test
  void shouldLetTheOldServerOpenOnlyByTheRules() {
    establish();
    server(RST, 1, 0, 0, 0);
    assertEquals(Drop.TCP_STATE, server(SYN, 9000, 0, 1000, 0), "the other way round: the old record goes");
    assertEquals(-1, state());
    assertEquals(Drop.DENIED, server(SYN, 9000, 0, 1000, 0), "no rule lets port 80 open");
  }

  @Test
  void shouldLetAClientThatLostItsConnectionOpenAnother() {
    establish();
    assertEquals(PASS, client(SYN, 80_000, 0, 1000, 0, SCALE_7), "the server will challenge it");
    assertEquals(TcpTracker.ESTABLISHED, state());
    assertEquals(PASS, server(ACK, 1, 1, 1000, 0), "the challenge");
    assertEquals(PASS, client(RST, 1, 0, 0, 0), "the client knows nothing of it");
    assertEquals(TcpTracker.CLOSED, state());
    assertEquals(PASS, client(SYN, 80_000, 0, 1000, 0));
    assertEquals(PASS, server(SYN | ACK, 50_000, 80_001, 1000, 0));
    assertEquals(PASS, client(ACK, 80_001, 50_001, 1000, 0));
    assertEquals(TcpTracker.ESTABLISHED, state());
  }

  @Test
  void shouldFollowAServerThatLostTheConnectionToo() {
    establish();
    assertEquals(PASS, client(SYN, 80_000, 0, 1000, 0, SCALE_7));
    assertEquals(PASS, server(SYN | ACK, 50_000, 80_001, 1000, 0, SCALE_7));
    assertEquals(TcpTracker.SYN_RECEIVED, state());
    assertEquals(PASS, client(ACK, 80_001, 50_001, 1000, 0));
    assertEquals(PASS, server(ACK, 50_001, 80_001, 1000, 0));
    assertEquals(PASS, client(ACK, 80_001 + 127_000, 50_001, 1000, 0), "the new scale");
  }

  @Test
  void shouldIgnoreAForgedSynInTheMiddle() {
    establish();
    assertEquals(PASS, client(SYN, 500, 0, 1000, 0));
    assertEquals(PASS, client(ACK, 1, 1, 1000, 100), "the connection goes on");
    assertEquals(PASS, server(ACK, 1, 101, 1000, 100));
    assertEquals(TcpTracker.ESTABLISHED, state());
  }

  @Test
  void shouldPickUpMidStreamIfConfigured() {
    rig.configure(Configs.firewall(List.of(Configs.rule("web", "accept", Configs.port(6, 80))), "mid-stream", "true"));
    assertEquals(Drop.DENIED, server(ACK, 1, 1, 1000, 10), "no rule for that direction");
    assertEquals(PASS, client(ACK, 1, 1, 10, 10));
    assertEquals(PASS, server(ACK, 1, 11, 10, 1400), "windows are not known");
    assertEquals(PASS, client(FIN | ACK, 11, 1401, 10, 0));
    assertEquals(TcpTracker.CLOSING, state());
    assertEquals(1, rig.count("flows-picked-up"));
  }

  @Test
  void shouldNotCheckWindowsIfConfigured() {
    rig.configure(
        Configs.firewall(List.of(Configs.rule("web", "accept", Configs.port(6, 80))), "window-check", "false"));
    establish();
    assertEquals(PASS, client(ACK, 900_000, 1, 1000, 10));
    assertEquals(PASS, server(RST, 12_345, 0, 0, 0));
    assertEquals(TcpTracker.CLOSED, state());
  }

  @Test
  void shouldKeepTheStateSmall() {
    assertTrue(Firewall.CONNECTION.size() <= 64, "with the header a record is two cache lines");
  }
}
