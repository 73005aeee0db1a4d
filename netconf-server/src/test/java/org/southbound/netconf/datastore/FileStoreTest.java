// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.TestServer;
import org.southbound.netconf.access.Nacm;
import org.southbound.netconf.datastore.FileStore.Durability;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.xml.DataWriter;
import org.southbound.netconf.xml.XmlOut;

/** What is stored, when the process, the power or the disk fails at any step. */
@Timeout(600)
class FileStoreTest {
  private static final String NAME = "running.xml";

  @TempDir
  Path home;
  private Schema schema;

  @BeforeEach
  void open() throws IOException {
    schema = TestServer.schema();
  }

  /** A configuration that changes a little at a time, in every way that the journal has to tell. */
  private final class Model {
    private final TreeMap<String, Integer> entries = new TreeMap<>();
    private final List<String> turns = new ArrayList<>();
    private final TreeMap<String, Boolean> interfaces = new TreeMap<>();
    private long counter;

    Model copy() {
      var copy = new Model();
      copy.entries.putAll(entries);
      copy.turns.addAll(turns);
      copy.interfaces.putAll(interfaces);
      copy.counter = counter;
      return copy;
    }

    Model changed(Random random) {
      Model next = copy();
      next.counter++;
      String name = "e<" + random.nextInt(20);
      switch (random.nextInt(7)) {
        case 0, 1 -> next.entries.put(name, random.nextInt());
        case 2 -> next.entries.remove(name);
        case 3 -> next.turns.add("t" + next.counter);
        case 4 -> {
          Collections.shuffle(next.turns, random);
          next.turns.removeIf(each -> random.nextInt(3) == 0);
        }
        case 5 -> next.interfaces.put(name, random.nextBoolean());
        default -> next.interfaces.remove(name);
      }
      return next;
    }

    ContainerNode tree() {
      var bench = new TreeBuilder(schema.node("/bench:bench")).leaf("counter", counter);
      entries.forEach((name, value) -> bench.entry("entry",
          e -> e.leaf("name", name).leaf("value", value % 3 == 0 ? null : value).leaf("descr", "x".repeat(300))));
      var interfaces = new TreeBuilder(schema.node("/acme-system:interfaces"));
      this.interfaces.forEach((name, bridge) -> interfaces.entry("interface",
          e -> e.leaf("name", name).flag("bridge", bridge).flag("route", !bridge)));
      return new TreeBuilder(schema.root()).put(bench.build()).put(interfaces.build())
          .put(new TreeBuilder(schema.node("/acme-system:turns")).leaves("turn", turns).build()).build();
    }

    @Override
    public String toString() {
      return text(tree());
    }
  }

  private String text(ContainerNode tree) {
    var out = new XmlOut(1024);
    new DataWriter(schema, out, null).children(schema.root(), tree, Schema.NETCONF, null);
    // The order of system-ordered entries is the map's own affair.
    var parts = new ArrayList<>(List.of(out.toString().split("(?=<entry>|<interface>|</bench>|</interfaces>)")));
    Collections.sort(parts);
    return String.join("", parts);
  }

  private String stored(Disk disk) throws IOException {
    return text(FileStore.load(disk, home.resolve(NAME), schema, InstantSource.system(), "the flags"));
  }

  private FileStore store(Disk disk, Durability durability) {
    return new FileStore(disk, NAME, schema, durability, 4096, false);
  }

  /** Some lives of an instance, one after the other, each ended by a power cut at any step. */
  @ParameterizedTest
  @EnumSource(Durability.class)
  void shouldLoseNothingThatWasSyncedWhenPowerFails(Durability durability) throws IOException {
    for (int seed = 0; seed < 25; seed++) {
      var random = new Random(seed);
      var disk = new SimulatedDisk();
      var model = new Model();
      String empty = text(FileStore.empty(schema));
      List<String> possible = List.of(empty);
      for (int life = 0; life < 5; life++) {
        disk.cutAfter(random.nextInt(200));
        var since = new ArrayList<>(List.of(life == 0 ? empty : model.toString())); // what may be found
        try {
          var store = store(disk, durability);
          for (boolean first = true;; first = false) {
            Model next = model.changed(random);
            since.add(next.toString());
            store.save(next.tree());
            model = next;
            if (durability == Durability.SYNC || first) { // the first writes the file
              since.subList(0, since.size() - 1).clear();
            } else if (random.nextInt(4) == 0) {
              store.sync();
              since.subList(0, since.size() - 1).clear();
            }
            store.compact();
          }
        } catch (SimulatedDisk.PowerCut e) {
          possible = since;
        }
        disk = disk.afterCut(random);
        String found = stored(disk);
        assertTrue(possible.contains(found), "seed " + seed + ", life " + life + ": " + found);
        model = reread(found, disk);
      }
    }
  }

  /** The model of what was found: one of those that could be. */
  private Model reread(String found, SimulatedDisk disk) throws IOException {
    var tree = FileStore.load(disk, home.resolve(NAME), schema, InstantSource.system(), "the flags");
    var model = new Model();
    var root = new Tree(schema.root(), tree);
    model.counter = root.child("bench").number("counter", 0);
    root.child("bench").list("entry")
        .forEach(each -> model.entries.put(each.text("name"), each.has("value") ? (int) each.number("value", 0) : 3));
    model.turns.addAll(root.child("turns").texts("turn"));
    root.child("interfaces").list("interface")
        .forEach(each -> model.interfaces.put(each.text("name"), each.has("bridge")));
    assertEquals(model.counter == 0 ? text(FileStore.empty(schema)) : model.toString(), found);
    return model;
  }

  /** A change is refused and forgotten, whichever step of it fails; the next one is stored. */
  @ParameterizedTest
  @EnumSource(Durability.class)
  void shouldRefuseWhatTheDiskDoesNotTake(Durability durability) throws IOException {
    for (int seed = 0; seed < 12; seed++) {
      var random = new Random(seed);
      var disk = new SimulatedDisk();
      var store = store(disk, durability);
      var model = new Model();
      int refused = 0;
      for (int i = 0; i < 60; i++) {
        Model next = model.changed(random);
        disk.failAfter(random.nextInt(12));
        try {
          store.save(next.tree());
          model = next;
        } catch (IOException e) {
          assertEquals("No space left on device", e.getMessage());
          refused++;
        }
        disk.failAfter(Integer.MAX_VALUE);
        assertEquals(model.counter == 0 ? text(FileStore.empty(schema)) : model.toString(), stored(disk),
            "seed " + seed + ", step " + i);
        store.compact();
      }
      assertTrue(refused > 0);
      store.close();
      assertEquals(List.of(NAME), disk.names().stream().filter(each -> !each.endsWith(".new")).toList());
      assertEquals(model.toString(), stored(disk));
    }
  }

  /** Whichever step of writing the file anew fails, and whether or not more is stored afterwards. */
  @ParameterizedTest
  @EnumSource(Durability.class)
  void shouldLoseNothingIfTheFileCannotBeWrittenAnew(Durability durability) throws IOException {
    for (int step = 0; step < 24; step++) {
      var disk = new SimulatedDisk();
      var store = store(disk, durability);
      var random = new Random(step);
      var model = new Model();
      for (int i = 0; i < 20; i++) { // more than the journal may hold
        model = model.changed(random);
        store.save(model.tree());
      }
      disk.failAfter(step / 2);
      store.compact();
      disk.failAfter(Integer.MAX_VALUE);
      assertEquals(model.toString(), stored(disk), "step " + step);
      if (step % 2 == 0) {
        model = model.changed(random);
        store.save(model.tree());
      }
      store.close();
      assertEquals(model.toString(), stored(disk), "step " + step);
    }
  }

  @Test
  void shouldSetADamagedJournalAside() throws IOException {
    var disk = new SimulatedDisk();
    var store = new FileStore(disk, NAME, schema, Durability.SYNC, 1 << 20, false);
    var random = new Random(1);
    var model = new Model();
    for (int i = 0; i < 10; i++) {
      model = model.changed(random);
      store.save(model.tree());
    }
    String journal = disk.names().stream().filter(each -> each.endsWith(".journal")).findFirst().orElseThrow();
    int length = disk.read(journal).length;
    disk.spoil(journal, length - 2); // its end may be torn
    assertFalse(stored(disk).equals(model.toString()));
    disk.spoil(journal, length / 2); // its middle may not
    IOException e = assertThrows(IOException.class, () -> stored(disk));
    assertTrue(e.getMessage().contains(journal + ".corrupt-") && e.getMessage().contains("start again"),
        e.getMessage());
    assertNull(disk.read(journal));
  }

  /** All or nothing: the datastore, the subscribers and the disk. */
  @Test
  void shouldChangeNothingIfTheDiskOrASubscriberFails() throws Exception {
    var disk = new SimulatedDisk();
    var datastores = new Datastores(schema, new Nacm(schema), store(disk, Durability.SYNC),
        new Startup(null, schema, null), InstantSource.system(), null, session -> true,
        FileStore.empty(schema));
    var log = new ArrayList<String>();
    var bug = new boolean[1];
    for (String name : List.of("a", "b")) {
      datastores.subscribe(new ConfigSubscriber() {
        @Override
        public void prepare(ContainerNode before, ContainerNode after) {
          log.add(name + "?");
          if (bug[0] && name.equals("b")) {
            throw new IllegalStateException("a bug");
          }
        }

        @Override
        public void apply() {
          log.add(name + "!");
        }

        @Override
        public void rollback() {
          log.add(name + "-");
        }
      });
    }
    Model model = new Model().changed(new Random(1));
    datastores.editRunning(Datastores.Writer.SYSTEM, before -> model.tree());
    log.clear();
    disk.failAfter(0);
    NetconfException e = assertThrows(NetconfException.class, () -> datastores
        .editRunning(Datastores.Writer.SYSTEM, before -> model.changed(new Random(2)).tree()));
    assertTrue(e.getMessage().contains("No space left on device") && e.getMessage().contains("nothing was changed"),
        e.getMessage());
    bug[0] = true;
    assertThrows(IllegalStateException.class, () -> datastores.editRunning(Datastores.Writer.SYSTEM,
        before -> model.changed(new Random(2)).tree()));
    assertEquals(List.of("a?", "b?", "b-", "a-", "a?", "b?", "a-"), log);
    assertEquals(model.toString(), text(datastores.running()));
    assertEquals(model.toString(), stored(disk));
  }

  @Test
  void shouldFollowALongJournalByTheFile() throws IOException {
    var disk = new SimulatedDisk();
    var store = store(disk, Durability.BATCHED);
    var random = new Random(1);
    var model = new Model();
    long longest = 0;
    for (int i = 0; i < 150; i++) {
      model = model.changed(random);
      store.save(model.tree());
      store.compact();
      long journals = disk.names().stream().filter(each -> each.endsWith(".journal")).count();
      assertEquals(1, journals);
      longest = Math.max(longest, disk.read(NAME).length);
    }
    assertEquals(model.toString(), stored(disk));
    assertTrue(longest < 20_000, "the file is of one configuration");
  }

  /** The writer that {@link #shouldSurviveKills} kills: says the number of each change that was stored. */
  static final class Writer {
    private Writer() {
    }

    public static void main(String[] args) throws IOException {
      Schema schema = lean();
      Path file = Path.of(args[0], NAME);
      var bench = schema.node("/bench:bench");
      long number = new Tree(bench, (ContainerNode) org.southbound.netconf.schema.YangNode
          .find(FileStore.load(file, schema, InstantSource.system(), "the flags"), bench)).number("counter", 0);
      try (
          var store = new FileStore(new FolderDisk(file.getParent()), NAME, schema, Durability.valueOf(args[1]), 20_000,
              true)) {
        do {
          number++;
          store.save(numbered(schema, number));
          System.out.println(number);
        } while (!System.out.checkError()); // which is so once nobody reads
      }
    }

    /** Every entry says the number, so that a mixture of two shows. */
    static ContainerNode numbered(Schema schema, long number) {
      var bench = new TreeBuilder(schema.node("/bench:bench")).leaf("counter", number);
      for (int i = 0; i < 5; i++) {
        String name = "e" + (number + i) % 7;
        bench.entry("entry",
            e -> e.leaf("name", name).leaf("value", number).leaf("descr", "x".repeat((int) number % 900)));
      }
      return new TreeBuilder(schema.root()).put(bench.build()).build();
    }

    static Schema lean() throws IOException {
      var sources = new ArrayList<Schema.Source>(
          Schema.resources(Writer.class.getClassLoader(), "META-INF/yang"));
      sources.addAll(Schema.directory(Path.of("src/test/yang")));
      return Schema.load(Schema.closure(sources, List.of("ietf-netconf", "bench")), java.util.Set.of());
    }
  }

  @ParameterizedTest
  @EnumSource(Durability.class)
  void shouldSurviveAFewKills(Durability durability) throws Exception {
    shouldSurviveKills(durability, 4);
  }

  @ParameterizedTest
  @EnumSource(Durability.class)
  @Tag("soak")
  void shouldSurvive300Kills(Durability durability) throws Exception {
    shouldSurviveKills(durability, 150);
  }

  private void shouldSurviveKills(Durability durability, int kills) throws Exception {
    var random = new Random(kills);
    Schema lean = Writer.lean();
    long last = 0;
    for (int i = 0; i < kills; i++) {
      Process writer = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
          System.getProperty("java.class.path"), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", Writer.class.getName(),
          home.toString(), durability.name()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      try (BufferedReader out = writer.inputReader(StandardCharsets.UTF_8)) {
        int changes = 1 + random.nextInt(400);
        String line = out.readLine();
        for (int n = 1; line != null && n < changes; n++) {
          last = number(line, last);
          line = out.readLine();
        }
        writer.toHandle().destroyForcibly(); // which, other than Process.destroyForcibly, leaves what it said
        for (; line != null; line = out.readLine()) { // said before it was killed
          last = number(line, last);
        }
      }
      writer.waitFor();
      ContainerNode tree = FileStore.load(home.resolve(NAME), lean, InstantSource.system(), "the flags");
      long found = new Tree(lean.root(), tree).child("bench").number("counter", 0);
      assertTrue(found == last || found == last + 1, "run " + i + ": " + found + " after " + last);
      assertEquals(Writer.numbered(lean, found), tree, "run " + i);
      last = found;
    }
  }

  /** The last line may be cut short: then it is less. */
  private static long number(String line, long last) {
    assertTrue(line.matches("\\d+"), line);
    return Math.max(last, Long.parseLong(line));
  }
}
