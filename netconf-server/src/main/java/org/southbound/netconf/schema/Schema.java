// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import java.io.File;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.namespace.NamespaceContext;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.common.QNameModule;
import org.opendaylight.yangtools.yang.model.api.EffectiveModelContext;
import org.opendaylight.yangtools.yang.model.api.IdentitySchemaNode;
import org.opendaylight.yangtools.yang.model.api.ModuleLike;
import org.opendaylight.yangtools.yang.model.api.source.SourceIdentifier;
import org.opendaylight.yangtools.yang.model.api.stmt.FeatureSet;
import org.opendaylight.yangtools.yang.model.api.stmt.FeatureStatement;
import org.opendaylight.yangtools.yang.model.api.stmt.ModuleEffectiveStatement;
import org.opendaylight.yangtools.yang.model.api.type.IdentityrefTypeDefinition;
import org.opendaylight.yangtools.yang.model.spi.source.StringYangTextSource;
import org.opendaylight.yangtools.yang.model.spi.source.YangIRSource;
import org.opendaylight.yangtools.yang.parser.api.YangParserException;
import org.opendaylight.yangtools.yang.parser.rfc7950.repo.TextToIRTransformer;
import org.opendaylight.yangtools.yang.parser.ri.DefaultYangParserFactory;

/**
 * The model: every YANG module the server knows, compiled. Loaded once, immutable, shared by all threads. Must contain
 * ietf-netconf; what a missing optional module (ietf-netconf-monitoring, nc-notifications) would serve is not served.
 */
public final class Schema {
  /** NETCONF's own namespace. */
  public static final String NETCONF = "urn:ietf:params:xml:ns:netconf:base:1.0";

  private static final Pattern FEATURE = Pattern.compile("(?m)^\\s*feature\\s+\"?([A-Za-z_][\\w.-]*)");

  private static final Pattern IDENTIFIER = Pattern.compile("[a-zA-Z_][\\w.-]*");

  /**
   * A YANG file's name and text.
   *
   * @param imported only for its typedefs, groupings, identities and features (RFC 7950 section 5.6.5): its data nodes, RPCs and
   *     notifications are not there
   */
  public record Source(String fileName, String text, boolean imported) {
    public Source(String fileName, String text) {
      this(fileName, text, false);
    }
  }

  private final EffectiveModelContext context;
  private final QNameModule netconf;
  private final Map<QNameModule, Module> modules = new LinkedHashMap<>();
  private final List<Module> advertised = new ArrayList<>();
  private final Map<String, QNameModule> byNamespace = new HashMap<>();
  private final Map<String, QNameModule> byName = new HashMap<>();
  private final Map<QNameModule, String> prefixes = new HashMap<>();
  private final Map<String, String> prefixToNamespace = new TreeMap<>();
  private final Map<String, String> moduleToNamespace = new TreeMap<>();
  private final Map<QNameModule, Map<String, String>> imports = new HashMap<>();
  private final Map<QName, YangNode> rpcs = new HashMap<>();
  private final Map<QName, YangNode> notifications = new HashMap<>();
  private final Map<QName, Set<QName>> bases = new HashMap<>();
  private final Map<String, Map<String, QName>> identities = new HashMap<>();
  private final YangNode root;
  private int nodes;

  private Schema(EffectiveModelContext context, Map<String, String> sources, Set<String> withoutFeatures,
      Set<String> importOnly) {
    this.context = context;
    QNameModule base = null;
    Map<QNameModule, List<String>> deviations = deviations(context);
    for (var module : context.getModules()) {
      QNameModule id = module.getQNameModule();
      Module entry = describe(module, null, deviations.getOrDefault(id, List.of()), sources, withoutFeatures,
          importOnly);
      modules.put(id, entry);
      advertised.add(entry);
      for (var submodule : module.getSubmodules()) {
        advertised.add(describe(submodule, module.getName(), List.of(), sources, withoutFeatures,
            importOnly));
      }
      byNamespace.put(entry.namespace(), id);
      byName.put(entry.name(), id);
      moduleToNamespace.put(entry.name(), entry.namespace());
      String prefix = entry.prefix();
      for (int n = 2; prefixToNamespace.containsKey(prefix); n++) {
        prefix = entry.prefix() + n;
      }
      prefixes.put(id, prefix);
      prefixToNamespace.put(prefix, entry.namespace());
      base = entry.namespace().equals(NETCONF) ? id : base;
      for (IdentitySchemaNode identity : module.getIdentities()) {
        bases.put(identity.getQName(), ancestors(identity, new HashSet<>()));
        identities.computeIfAbsent(entry.namespace(), k -> new HashMap<>()).put(identity.getQName().getLocalName(),
            identity.getQName());
      }
    }
    for (var module : context.getModules()) {
      imports.put(module.getQNameModule(), imports(module));
    }
    if (base == null) {
      throw new IllegalArgumentException("the YANG modules lack ietf-netconf");
    }
    this.netconf = base;
    advertised.sort(Comparator.comparing(Module::id));
    var compiler = new SchemaCompiler(this);
    this.root = compiler.compile(rpcs, notifications);
    compiler.finish(root, rpcs, notifications);
  }

  private Map<String, String> imports(ModuleLike module) {
    var table = new HashMap<String, String>();
    for (var each : module.getImports()) {
      QNameModule imported = byName.get(each.getModuleName().getLocalName());
      if (imported != null) {
        table.put(each.getPrefix(), imported.namespace().toString());
      }
    }
    for (var submodule : module.getSubmodules()) {
      imports(submodule).forEach(table::putIfAbsent);
    }
    table.put(module.getPrefix(), module.getQNameModule().namespace().toString());
    return table;
  }

  /**
   * Builds the model.
   *
   * @param sources all modules and submodules; the same file name twice: the later one counts
   * @param withoutFeatures features that are off, as {@code module:feature}
   * @throws IllegalArgumentException with one line that names the module at fault
   */
  public static Schema load(Collection<Source> sources, Set<String> withoutFeatures) {
    var texts = new LinkedHashMap<String, String>();
    for (Source each : sources) {
      texts.put(each.fileName(), each.text());
    }
    try {
      // Most of the time goes into reading the text: each module by itself, so all processors share that.
      var stored = ParsedModels.stored();
      List<YangIRSource> parsed = texts.entrySet().parallelStream()
          .map(each -> stored.get(each.getKey(), each.getValue())).toList();
      var importOnly = new HashSet<String>();
      sources.stream().filter(Source::imported).forEach(each -> importOnly.add(moduleName(each)));
      var off = new HashSet<>(withoutFeatures);
      EffectiveModelContext model = model(parsed, sources, off);
      while (off.addAll(dependent(model))) { // the nodes of such a feature are there until it is named
        model = model(parsed, sources, off);
      }
      return new Schema(model, texts, off, importOnly);
    } catch (YangParserException | IOException | IllegalStateException e) {
      throw unusable("model", e);
    }
  }

  private static EffectiveModelContext model(List<YangIRSource> parsed, Collection<Source> sources, Set<String> off)
      throws YangParserException, IOException {
    var parser = new DefaultYangParserFactory().createParser();
    for (YangIRSource each : parsed) {
      parser.addSource(each);
    }
    if (!off.isEmpty()) {
      parser.setSupportedFeatures(features(sources, off));
    }
    return parser.buildEffectiveModel();
  }

  /** Features that are declared and not in effect, as they depend on others (RFC 7950 section 7.20.1). */
  private static Set<String> dependent(EffectiveModelContext model) {
    var found = new HashSet<String>();
    for (ModuleEffectiveStatement module : model.getModuleStatements().values()) {
      module.getDeclared().declaredSubstatements(FeatureStatement.class)
          .forEach(each -> found.add(module.argument().getLocalName() + ":" + each.argument().getLocalName()));
      module.features().forEach(
          each -> found.remove(module.argument().getLocalName() + ":" + each.argument().getLocalName()));
    }
    return found;
  }

  static YangIRSource parse(String fileName, String text) {
    try {
      return TextToIRTransformer.transformText(
          new StringYangTextSource(SourceIdentifier.ofYangFileName(fileName), text));
    } catch (YangParserException | IOException | IllegalStateException e) {
      throw unusable(fileName, e);
    }
  }

  private static IllegalArgumentException unusable(String what, Exception e) {
    Throwable deepest = e;
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    return new IllegalArgumentException("YANG " + what + ": " + firstLine(deepest), e);
  }

  private static String firstLine(Throwable e) {
    String text = String.valueOf(e.getMessage());
    int end = text.indexOf('\n');
    return end < 0 ? text : text.substring(0, end);
  }

  /** Every {@code *.yang} file of a folder. */
  public static List<Source> directory(Path folder) throws IOException {
    var found = new ArrayList<Source>();
    try (var files = Files.newDirectoryStream(folder, "*.yang")) {
      for (Path each : files) {
        found.add(new Source(each.getFileName().toString(), Files.readString(each)));
      }
    }
    found.sort(Comparator.comparing(Source::fileName));
    return found;
  }

  /** Every {@code *.yang} file of a folder on the class path, in a jar or not. */
  public static List<Source> resources(ClassLoader loader, String folder) throws IOException {
    var found = new ArrayList<Source>();
    for (URL url : Collections.list(loader.getResources(folder))) {
      if (url.openConnection() instanceof JarURLConnection jar) {
        try (var file = new JarFile(new File(URI.create(jar.getJarFileURL().toString())))) {
          for (JarEntry entry : Collections.list(file.entries())) {
            String name = entry.getName();
            if (name.startsWith(folder + "/") && name.endsWith(".yang")) {
              try (var in = file.getInputStream(entry)) {
                found.add(new Source(name.substring(folder.length() + 1),
                    new String(in.readAllBytes(), StandardCharsets.UTF_8)));
              }
            }
          }
        }
      } else {
        found.addAll(directory(Path.of(URI.create(url.toString()))));
      }
    }
    found.sort(Comparator.comparing(Source::fileName));
    return found;
  }

  private static final Pattern NEEDS = Pattern.compile("(?m)^\\s*(?:import|include)\\s+\"?([A-Za-z_][\\w.-]*)");

  /** Of a library the modules of those names, and whatever they import or include; of several revisions the newest. */
  public static List<Source> closure(Collection<Source> library, Collection<String> wanted) {
    var byName = new HashMap<String, Source>();
    library.forEach(each -> byName.merge(moduleName(each), each,
        (one, other) -> revision(one).compareTo(revision(other)) > 0 ? one : other));
    var chosen = new LinkedHashMap<String, Source>();
    var open = new ArrayDeque<>(wanted);
    while (!open.isEmpty()) {
      String name = open.poll();
      Source source = byName.get(name);
      if (source != null && chosen.putIfAbsent(name, new Source(source.fileName(), source.text(),
          !wanted.contains(name))) == null) {
        Matcher match = NEEDS.matcher(source.text());
        while (match.find()) {
          open.add(match.group(1));
        }
      }
    }
    return List.copyOf(chosen.values());
  }

  /** The newest revision, which is the first; empty if there is none. */
  private static String revision(Source source) {
    Matcher revision = REVISION.matcher(source.text());
    return revision.find() ? revision.group(1) : "";
  }

  private static String moduleName(Source source) {
    return SourceIdentifier.ofYangFileName(source.fileName()).name().getLocalName();
  }

  private static final Pattern NAMESPACE = Pattern.compile("(?s)\\bnamespace\\s+\"?'?([^\"';\\s]+)");
  private static final Pattern REVISION = Pattern.compile("(?m)^\\s*revision\\s+\"?(\\d{4}-\\d\\d-\\d\\d)");

  /** Modules that are not named have all their features. */
  private static FeatureSet features(Collection<Source> sources, Set<String> without) {
    var builder = FeatureSet.builder();
    for (Source each : sources) {
      String name = moduleName(each);
      String text = each.text();
      Matcher namespace = NAMESPACE.matcher(text);
      if (without.stream().noneMatch(off -> off.startsWith(name + ":")) || !namespace.find()) {
        continue;
      }
      var on = new ArrayList<String>();
      Matcher feature = FEATURE.matcher(text);
      while (feature.find()) {
        if (!without.contains(name + ":" + feature.group(1))) {
          on.add(feature.group(1));
        }
      }
      Matcher revision = REVISION.matcher(text);
      builder.addModuleFeatures(revision.find() ? QNameModule.ofRevision(namespace.group(1), revision.group(1))
          : QNameModule.of(namespace.group(1)), on);
    }
    return builder.build();
  }

  private static List<String> features(ModuleLike module, Set<String> without) {
    return module.getFeatures().stream().map(each -> each.getQName().getLocalName())
        .filter(each -> !without.contains(module.getName() + ":" + each)).toList();
  }

  /** The names of the modules that deviate from each. */
  private static Map<QNameModule, List<String>> deviations(EffectiveModelContext context) {
    var found = new HashMap<QNameModule, List<String>>();
    for (var module : context.getModules()) {
      for (var deviation : module.getDeviations()) {
        List<String> names = found.computeIfAbsent(deviation.getTargetPath().lastNodeIdentifier().getModule(),
            k -> new ArrayList<>());
        if (!names.contains(module.getName())) {
          names.add(module.getName());
        }
      }
    }
    return found;
  }

  private static Module describe(ModuleLike module, String belongsTo, List<String> deviatedBy,
      Map<String, String> sources, Set<String> withoutFeatures, Set<String> importOnly) {
    String name = module.getName();
    String revision = module.getQNameModule().findRevision().map(Object::toString).orElse("");
    if (module.getSourceIdentifier().revision() != null) {
      revision = module.getSourceIdentifier().revision().toString();
    }
    String text = sources.getOrDefault(name + "@" + revision + ".yang", sources.get(name + ".yang"));
    if (text == null) {
      for (var each : sources.entrySet()) {
        text = each.getKey().startsWith(name + "@") ? each.getValue() : text;
      }
    }
    boolean nodes = !(module.getChildNodes().isEmpty() && module.getRpcs().isEmpty()
        && module.getNotifications().isEmpty() && module.getAugmentations().isEmpty()
        && module.getDeviations().isEmpty());
    // Identities can be used as values only if their module is implemented (RFC 7950 section 5.6.5).
    boolean imported = nodes ? importOnly.contains(name) : module.getIdentities().isEmpty();
    return new Module(name, revision, module.getQNameModule().namespace().toString(), module.getPrefix(),
        features(module, withoutFeatures), List.copyOf(deviatedBy), belongsTo,
        imported,
        text == null ? "" : text);
  }

  private static Set<QName> ancestors(IdentitySchemaNode identity, Set<QName> into) {
    for (IdentitySchemaNode base : identity.getBaseIdentities()) {
      if (into.add(base.getQName())) {
        ancestors(base, into);
      }
    }
    return into;
  }

  /** The model as yangtools holds it. */
  public EffectiveModelContext context() {
    return context;
  }

  /** The root of configuration and state data. */
  public YangNode root() {
    return root;
  }

  /** The input of an RPC, or null. */
  public YangNode rpc(String namespace, String localName) {
    return rpcs.get(name(byNamespace.get(namespace), localName));
  }

  /** Null for a module that is not there, or a name that XML allows and YANG does not. */
  private static QName name(QNameModule module, String localName) {
    return module != null && IDENTIFIER.matcher(localName).matches() ? QName.create(module, localName) : null;
  }

  /** All RPCs by name: their inputs. */
  public Map<QName, YangNode> rpcs() {
    return rpcs;
  }

  /** A top-level notification, or null. */
  public YangNode notification(String namespace, String localName) {
    QNameModule module = byNamespace.get(namespace);
    return module == null ? null : notifications.get(QName.create(module, localName));
  }

  /** A top-level notification, or null. */
  public YangNode notification(QName name) {
    return notifications.get(name);
  }

  /** Node by names that module names prefix where they change: {@code /southbound-nf:nf/peer}. A missing one is a bug. */
  public YangNode node(String path) {
    YangNode at = root;
    String module = null;
    for (String step : path.substring(1).split("/", -1)) {
      int colon = step.indexOf(':');
      module = colon < 0 ? module : step.substring(0, colon);
      YangNode next = at.child(namespace(module), step.substring(colon + 1));
      if (next == null) {
        throw new IllegalArgumentException("no node " + path);
      }
      at = next;
    }
    return at;
  }

  /** QName of a name in a module given by its name; an unknown module is a bug. */
  public QName name(String module, String localName) {
    QNameModule id = byName.get(module);
    if (id == null) {
      throw new IllegalArgumentException("no module " + module);
    }
    return QName.create(id, localName);
  }

  public boolean has(String module) {
    return byName.containsKey(module);
  }

  /** Namespace of a module by its name, or null. */
  public String namespace(String module) {
    QNameModule id = byName.get(module);
    return id == null ? null : id.namespace().toString();
  }

  public boolean knowsNamespace(String namespace) {
    return byNamespace.containsKey(namespace);
  }

  /** Modules and submodules in order of name. */
  public List<Module> modules() {
    return advertised;
  }

  Module module(QNameModule id) {
    return modules.get(id);
  }

  QNameModule netconf() {
    return netconf;
  }

  /** A prefix for the module that no other module has. */
  public String prefix(QNameModule module) {
    String prefix = prefixes.get(module);
    return prefix == null ? "x" : prefix;
  }

  /** The namespace that {@link #prefix} stands for, or null. */
  public String namespaceOf(String prefix) {
    return prefixToNamespace.get(prefix);
  }

  /**
   * An XPath expression with the schema's prefixes in place of those in scope and of module names, which RFC 8639 and RFC 8641
   * let stand for themselves; null if one stands for nothing known.
   */
  public String prefixed(String xpath, NamespaceContext scope) {
    return XPathText.renamed(xpath, prefix -> {
      String uri = scope.getNamespaceURI(prefix);
      QNameModule module = uri == null || uri.isEmpty() ? byName.get(prefix) : byNamespace.get(uri);
      return module == null ? null : prefix(module);
    });
  }

  /** How many nodes there are: {@link YangNode#number} is below that. */
  public int nodes() {
    return nodes;
  }

  int nextNumber() {
    return nodes++;
  }

  /** True if the identity is derived from each base that the type names. */
  public boolean derived(QName identity, IdentityrefTypeDefinition type) {
    return type.getIdentities().stream().allMatch(base -> basesOf(identity).contains(base.getQName()));
  }

  /** Identities that {@code identity} is derived from, directly or not. */
  public Set<QName> basesOf(QName identity) {
    return bases.getOrDefault(identity, Set.of());
  }

  /** Identity by namespace and name, or null. */
  public QName identity(String namespace, String localName) {
    return identities.getOrDefault(namespace, Map.of()).get(localName);
  }

  /** The namespaces under which a module's text was written: those of its module, then unique ones. */
  NamespaceContext namespacesOf(YangNode node) {
    var table = new HashMap<>(prefixToNamespace);
    table.putAll(imports(node.namespace()));
    return new ValueType.Prefixes(table, node.namespace());
  }

  /** The prefixes that a module itself declares, its own and its imports', with their namespaces. */
  Map<String, String> imports(String namespace) {
    return imports.getOrDefault(byNamespace.get(namespace), Map.of());
  }

  /** The prefixes that {@link Values} uses. */
  public NamespaceContext prefixes() {
    return new ValueType.Prefixes(prefixToNamespace, "");
  }

  /** The prefixes of {@link #prefix}, the module of the node as default: values as the server writes them. */
  public NamespaceContext prefixes(YangNode node) {
    return new ValueType.Prefixes(prefixToNamespace, node.namespace());
  }

  /** Module names as prefixes, the module of the node as default: how code writes identities. */
  public NamespaceContext names(YangNode node) {
    return new ValueType.Prefixes(moduleToNamespace, node.namespace());
  }
}
