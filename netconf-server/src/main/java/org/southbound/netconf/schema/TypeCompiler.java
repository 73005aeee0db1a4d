// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import java.util.ArrayList;
import java.util.List;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.model.api.EffectiveStatementEquivalent;
import org.opendaylight.yangtools.yang.model.api.PathExpression;
import org.opendaylight.yangtools.yang.model.api.TypeDefinition;
import org.opendaylight.yangtools.yang.model.api.meta.DeclaredStatement;
import org.opendaylight.yangtools.yang.model.api.meta.EffectiveStatement;
import org.opendaylight.yangtools.yang.model.api.stmt.RequireInstanceStatement;
import org.opendaylight.yangtools.yang.model.api.stmt.TypeStatement;
import org.opendaylight.yangtools.yang.model.api.stmt.TypedefEffectiveStatement;
import org.opendaylight.yangtools.yang.model.api.type.InstanceIdentifierTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.LeafrefTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.UnionTypeDefinition;

/** Compiles the types of leaves. Leafrefs are followed, so not before all nodes are there. */
final class TypeCompiler {
  private final YangNode leaf;

  private TypeCompiler(YangNode leaf) {
    this.leaf = leaf;
  }

  static ValueType compile(YangNode leaf) {
    DeclaredStatement<?> declared = leaf.typed instanceof EffectiveStatementEquivalent<?> equivalent
        ? equivalent.asEffectiveStatement().getDeclared()
        : null;
    return new TypeCompiler(leaf).type(leaf.type, types(declared).stream().findFirst().orElse(null));
  }

  /** @param written the statement that names the type, or null */
  private ValueType type(TypeDefinition<?> type, TypeStatement written) {
    return switch (type) {
      case LeafrefTypeDefinition leafref -> {
        XPathText path = path(leafref.getPathStatement());
        yield ValueType.leafref(path, leafref.requireInstance(), LeafrefPath.target(leaf, path).valueType(),
            LeafrefPath.steps(leaf, path));
      }
      case UnionTypeDefinition union -> union(union, written);
      case InstanceIdentifierTypeDefinition pointer ->
        ValueType.of(leaf.schema(), pointer, requireInstance(pointer, written));
      default -> ValueType.of(leaf.schema(), type, false);
    };
  }

  private ValueType union(UnionTypeDefinition union, TypeStatement written) {
    List<TypeStatement> ways = types(written);
    TypeDefinition<?> base = union;
    TypeStatement statement = written;
    while (ways.isEmpty() && statement != null && base != null) { // by way of a typedef
      statement = typedef(base.getQName());
      ways = types(statement);
      base = base.getBaseType();
    }
    var members = new ArrayList<ValueType>();
    for (int i = 0; i < union.getTypes().size(); i++) {
      members.add(type(union.getTypes().get(i), i < ways.size() ? ways.get(i) : null));
    }
    return ValueType.union(union, members);
  }

  /**
   * True unless it is said to be false (RFC 7950 section 9.9.3). yangtools' types do not tell false from nothing, so that the
   * statements have to.
   */
  private boolean requireInstance(InstanceIdentifierTypeDefinition pointer, TypeStatement written) {
    TypeStatement statement = written;
    for (TypeDefinition<?> each = pointer; each != null && statement != null; each = each.getBaseType()) {
      var said = statement.findFirstDeclaredSubstatement(RequireInstanceStatement.class);
      if (said.isPresent()) {
        return said.get().argument();
      }
      statement = typedef(each.getQName());
    }
    return true;
  }

  /** The type statement of a typedef, or null. */
  private TypeStatement typedef(QName name) {
    return leaf.schema().context().findModuleStatement(name.getModule()).map(module -> typedef(module, name))
        .orElse(null);
  }

  private static TypeStatement typedef(EffectiveStatement<?, ?> within, QName name) {
    for (EffectiveStatement<?, ?> each : within.effectiveSubstatements()) {
      TypeStatement found = each instanceof TypedefEffectiveStatement typedef
          ? typedef.argument().equals(name) ? types(typedef.getDeclared()).stream().findFirst().orElse(null) : null
          : typedef(each, name);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private static List<TypeStatement> types(DeclaredStatement<?> statement) {
    return statement == null ? List.of()
        : statement.declaredSubstatements().stream().filter(TypeStatement.class::isInstance)
            .map(TypeStatement.class::cast).toList();
  }

  private XPathText path(PathExpression path) {
    String here = leaf.namespace();
    return XPathText.of(path.getOriginalString(), here,
        new XPathPrefixes(path, leaf.schema().imports(here))::namespace);
  }
}
