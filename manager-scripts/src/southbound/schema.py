# SPDX-License-Identifier: Apache-2.0
"""What the YANG modules say of a node: is it a list, of which type is a leaf. Enough to turn XML into JSON (RFC 7951).

The modules are read as they are, so nothing is written down twice. Modules that the package does not have are asked
for where they are needed (a client asks the server, by get-schema).
"""
import pathlib
import re

OWN = ("southbound-types", "southbound-spec", "southbound-chain", "southbound-state", "southbound-metrics", "southbound-nf")
NAMESPACE = "urn:southbound:yang:"

# Types of RFC 6991 that JSON does not write as a plain string; used when the module that defines them is not at hand.
DERIVED = {"counter32": "number", "zero-based-counter32": "number", "gauge32": "number", "timeticks": "number",
           "counter64": "number64", "zero-based-counter64": "number64", "gauge64": "number64", "port-number": "number",
           "dscp": "number", "ipv6-flow-label": "number", "as-number": "number"}
BUILT_IN = {"int8": "number", "int16": "number", "int32": "number", "uint8": "number", "uint16": "number",
            "uint32": "number", "int64": "number64", "uint64": "number64", "decimal64": "decimal", "boolean": "boolean",
            "empty": "empty", "identityref": "identity", "string": "string", "enumeration": "string", "bits": "string",
            "binary": "string", "instance-identifier": "string"}
TOKEN = re.compile(r"""\s+ | //[^\n]* | /\*.*?\*/ | (?P<mark>[{};]) | "(?P<double>(?:[^"\\]|\\.)*)" | '(?P<single>[^']*)'
                       | (?P<plus>\+(?=\s)) | (?P<word>[^\s{};"']+)""", re.VERBOSE | re.DOTALL)
ESCAPES = {"\\n": "\n", "\\t": "\t", '\\"': '"', "\\\\": "\\"}


class Statement:
  """A YANG statement: keyword, argument (or None) and what it contains."""
  __slots__ = ("keyword", "argument", "body", "parent")

  def __init__(self, keyword, argument, parent):
    self.keyword, self.argument, self.parent, self.body = keyword, argument, parent, []

  def all(self, *keywords):
    return [each for each in self.body if each.keyword in keywords]

  def first(self, keyword):
    return next((each for each in self.body if each.keyword == keyword), None)

  def text(self, keyword, default=None):
    found = self.first(keyword)
    return default if found is None else found.argument


def read(text):
  """The module's statement. Raises ValueError for what is no YANG."""
  root = here = Statement("", None, None)
  pending, joined, position = [], False, 0
  while position < len(text):
    match = TOKEN.match(text, position)
    if not match:
      raise ValueError(f"not YANG at offset {position}")
    position = match.end()
    kind = match.lastgroup
    if kind is None:
      continue
    value = match[kind]
    if kind == "mark":
      if value == "}":
        here = here.parent
        if here is None:
          raise ValueError(f"one brace too many at offset {position}")
      else:
        if not pending or joined:
          raise ValueError(f"no statement at offset {position}")
        statement = Statement(pending[0], pending[1] if len(pending) > 1 else None, here)
        here.body.append(statement)
        pending = []
        if value == "{":
          here = statement
    elif kind == "plus":
      joined = True
    else:
      if kind == "double":
        value = re.sub(r'\\[nt"\\]', lambda escape: ESCAPES[escape[0]], value)
      if joined:
        pending[-1] += value
        joined = False
      else:
        pending.append(value)
  if here is not root or len(root.body) != 1 or root.body[0].keyword not in ("module", "submodule"):
    raise ValueError("not a YANG module")
  return root.body[0]


class Node:
  """A schema node; choices and cases are not nodes, as in data. The kind of an RPC's own node is "rpc"."""
  __slots__ = ("kind", "name", "module", "parent", "children", "statement", "scope")

  def __init__(self, kind, name, module, parent, statement=None, scope=None):
    self.kind, self.name, self.module, self.parent = kind, name, module, parent
    self.statement, self.scope, self.children = statement, scope, {}

  def child(self, module, name):
    return self.children.get((module, name))

  @property
  def repeated(self):
    return self.kind in ("list", "leaf-list")


class Module:
  """A parsed module with its tree of nodes."""

  def __init__(self, statement):
    self.statement = statement
    self.name = statement.argument
    self.namespace = statement.text("namespace", "")
    self.prefixes = {statement.text("prefix", ""): self.name}
    for each in statement.all("import"):
      self.prefixes[each.text("prefix")] = each.argument
    self.root = Node("module", self.name, self.name, None)


class Schema:
  """The modules known so far. `source(name)` gives the text of another module or None; it is asked once for each.
  `names` has the module of each namespace that is known before its module is."""

  def __init__(self, texts=None, source=None, names=None):
    self._modules, self._by_namespace, self._source, self._names = {}, {}, source or (lambda name: None), names or {}
    for text in own_modules() if texts is None else texts:
      self.add(text)

  def add(self, text):
    module = Module(read(text))
    self._modules[module.name] = module
    self._by_namespace[module.namespace] = module
    self._build(module.statement, module.root, module)
    for augment in module.statement.all("augment"):
      target = self._absolute(augment.argument, module)
      if target is not None:
        self._build(augment, target, module)
    return module

  def module(self, name):
    """The module of that name, or None."""
    if name not in self._modules:
      self._modules[name] = None  # not asked for again, and not while it is being read
      text = self._source(name)
      if text:
        self.add(text)
    return self._modules[name]

  def by_namespace(self, namespace):
    """The module of that namespace, or None."""
    if namespace not in self._by_namespace and namespace in self._names:
      self.module(self._names[namespace])
    return self._by_namespace.get(namespace)

  # ---- building

  def _build(self, statement, parent, module):
    for each in statement.body:
      keyword = each.keyword
      if keyword in ("container", "list", "leaf", "leaf-list", "anydata", "anyxml", "rpc", "action", "notification"):
        node = Node(keyword, each.argument, module.name, parent, each, self._home(each) or module)
        parent.children[module.name, each.argument] = node
        self._build(each, node, module)
      elif keyword in ("input", "output"):
        node = Node(keyword, keyword, module.name, parent, each)
        parent.children[module.name, keyword] = node
        self._build(each, node, module)
      elif keyword in ("choice", "case"):
        self._build(each, parent, module)
      elif keyword == "uses":
        grouping = self._find(each, "grouping", module)
        if grouping is not None:
          self._build(grouping, parent, module)
        for augment in each.all("augment"):
          target = parent
          for step in augment.argument.split("/"):
            target = target and (target.child(module.name, step.split(":")[-1]) or target)
          self._build(augment, target, module)

  def _home(self, statement):
    """The module in whose text the statement stands: there its prefixes and typedefs mean something."""
    while statement.parent is not None and statement.parent.keyword:
      statement = statement.parent
    return self._modules.get(statement.argument)

  def _find(self, reference, keyword, module):
    """The grouping or typedef that `reference` names, seen from where it stands."""
    home = self._home(reference) or module
    prefix, _, name = reference.argument.rpartition(":")
    if prefix and home.prefixes.get(prefix) != home.name:
      other = self.module(home.prefixes.get(prefix, ""))
      places = [other.statement] if other else []
    else:
      places, place = [], reference.parent
      while place is not None:
        places.append(place)
        place = place.parent
    for place in places:
      for each in place.all(keyword):
        if each.argument == name:
          return each
    return None

  def _absolute(self, path, module, start=None):
    """The node at a schema path or a leafref's path, or None."""
    node = start
    if path.startswith("/"):
      node = None
    for step in (each for each in re.sub(r"\[[^\]]*\]", "", path).split("/") if each):
      if step == "..":
        node = node and node.parent
        continue
      prefix, _, name = step.strip().rpartition(":")
      owner = module.prefixes.get(prefix, "") if prefix else module.name
      if node is None:
        known = self.module(owner)
        node = known.root if known else None
      found = node and (node.child(owner, name) or next((each for (_, other), each in node.children.items() if other == name), None))
      if found is None and (node is None or node.kind == "module"):
        return None
      node = found or node  # a step not found names a choice or a case, in the path of an augment: these are no nodes here
    return node

  def type_of(self, node):
    """How JSON writes the leaf: number, number64, decimal, boolean, empty, identity, string, or a list of them (union)."""
    return self._type(node.statement.first("type"), node)

  def _type(self, statement, node):
    name = statement.argument
    if name in BUILT_IN:
      return BUILT_IN[name]
    if name == "union":
      return [self._type(each, node) for each in statement.all("type")]
    if name == "leafref":
      target = self._absolute(statement.text("path").replace("current()/", ""), self._home(statement), node)
      return self.type_of(target) if target is not None and target.statement.first("type") else "string"
    typedef = self._find(statement, "typedef", node.scope)
    if typedef is None:
      return DERIVED.get(name.split(":")[-1], "string")
    return self._type(typedef.first("type"), node)


def own_modules():
  """The texts of this project's modules."""
  folder = pathlib.Path(__file__).parent / "yang"
  return [(folder / f"{name}.yang").read_text(encoding="utf-8") for name in OWN]


class Converter:
  """Turns XML elements into Python data, or into RFC 7951 JSON."""

  def __init__(self, schema):
    self.schema = schema

  def json(self, parent, elements):
    """RFC 7951: `elements` as members of one object, whose schema node is `parent` (None: data at the top of modules)."""
    return self._members(parent, elements, None, True)

  def plain(self, parent, elements):
    """The same for programs: no module names, all integers as int, identities by their name, an empty leaf as True."""
    return self._members(parent, elements, None, False)

  def top(self, element):
    """The schema node of an element at the top: data, or a notification; None if its module is not known."""
    module, name = self._name(element)
    known = self.schema.by_namespace(self._namespace(element)) or self.schema.module(module)
    return known.root.child(known.name, name) if known else None

  def _namespace(self, element):
    return element.tag[1:].partition("}")[0] if element.tag.startswith("{") else ""

  def _name(self, element):
    namespace, name = self._namespace(element), element.tag.rpartition("}")[2]
    module = self.schema.by_namespace(namespace)
    return (module.name if module else namespace.rpartition(":")[2]), name

  def _members(self, parent, elements, module, strict):
    result = {}
    for element in elements:
      if not isinstance(element.tag, str):
        continue  # a comment
      owner, name = self._name(element)
      node = self.top(element) if parent is None else parent.child(owner, name)
      key = f"{owner}:{name}" if strict and owner != module else name
      value = self._value(node, element, owner, strict)
      if node is not None and node.repeated:
        result.setdefault(key, []).append(value)
      elif node is None and key in result:  # not in any module we know: what occurs again is a list
        result[key] = (result[key] if isinstance(result[key], list) else [result[key]]) + [value]
      else:
        result[key] = value
    return result

  def _value(self, node, element, module, strict):
    if node is None:
      return self._unknown(element, module, strict)
    if node.kind not in ("leaf", "leaf-list"):
      return self._members(node, element, module, strict)
    text = (element.text or "").strip() if self.schema.type_of(node) != "string" else element.text or ""
    return self._leaf(self.schema.type_of(node), text, element, strict)

  def _unknown(self, element, module, strict):
    children = [child for child in element if isinstance(child.tag, str)]
    if not children:
      return element.text or ""
    return {key: value for key, value in self._unknown_members(children, module, strict)}

  def _unknown_members(self, children, module, strict):
    return self._members(Node("anydata", "", module, None), children, module, strict).items()

  def _leaf(self, kind, text, element, strict):
    if isinstance(kind, list):
      kind = next((each for each in kind if self._fits(each, text)), "string")
    if kind == "empty":
      return [None] if strict else True
    if kind == "boolean":
      return text == "true"
    if kind == "number" or (kind == "number64" and not strict):
      return int(text)
    if kind == "identity":
      prefix, _, name = text.rpartition(":")
      if not strict:
        return name
      namespace = element.nsmap.get(prefix or None, "")
      module = self.schema.by_namespace(namespace)
      return f"{module.name if module else namespace.rpartition(':')[2]}:{name}"
    return text

  @staticmethod
  def _fits(kind, text):
    if kind in ("number", "number64"):
      return re.fullmatch(r"[+-]?\d+", text) is not None
    if kind == "boolean":
      return text in ("true", "false")
    if kind == "empty":
      return text == ""
    return kind != "identity" or ":" in text
